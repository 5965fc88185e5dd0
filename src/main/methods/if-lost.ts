import type { Digest } from '#base'
import type { Machines } from '#cluster'
import { type IfLost } from '#rpc'
import { chunkIfLost, type FoundIfLost, type Pool } from '#storage/pool'
import { IF_LOST_CHUNKS_MAX, IF_LOST_PLACES_MAX } from '../limits.ts'
import type { Filesystems } from '../storage/filesystems.ts'
import { placeText } from './place-text.ts'

/** What the look needs. */
export interface IfLostParts {
  readonly filesystems: Pick<Filesystems, 'all'>
  readonly pool: Pick<Pool, 'onlyAt'>
}

/** What the filesystems at home here would lose with a machine. */
export async function ifLostHere(
  { filesystems, pool }: IfLostParts,
  machine: string,
  signal: AbortSignal,
): Promise<FoundIfLost> {
  const lost = new Set<Digest>()
  const silent = new Set<string>()
  const places = new Set<string>()
  let isAll = true
  for (const { name, filesystem } of filesystems.all) {
    const own = new Set<Digest>()
    await filesystem.settled()
    for await (const batch of filesystem.references(signal, 'skip')) {
      const found = await pool.onlyAt(machine, batch, signal)
      for (const each of found.silent) silent.add(each)
      for (const digest of found.digests) if (own.size < IF_LOST_CHUNKS_MAX) own.add(digest)
      if (own.size === IF_LOST_CHUNKS_MAX) isAll = false
    }
    for (const digest of own) lost.add(digest)
    if (own.size === 0) continue
    for await (const user of filesystem.users(own, signal)) places.add(placeText(name, user))
  }
  const told = [...places].sort().slice(0, IF_LOST_PLACES_MAX)
  return {
    filesystems: filesystems.all.map(({ name }) => name),
    chunks: lost.size,
    places: told,
    placesCount: places.size,
    silent: [...silent],
    isAll,
  }
}

/** What all filesystems would lose with a machine: each home is asked about its own. */
export async function ifLost(
  { peers, ...parts }: IfLostParts & { readonly peers: { readonly machines: Machines } },
  machine: string,
  signal: AbortSignal,
): Promise<IfLost> {
  const { machines } = peers
  const here = await ifLostHere(parts, machine, signal)
  const found = [here]
  const alone = machines.own === machine ? [...here.filesystems] : []
  const unseen: string[] = []
  for (const [home, names] of homesElsewhere(machines)) {
    try {
      const client = machines.client(home) ?? (await machines.connect(home, signal))
      const there = await client.call(chunkIfLost, { pool: POOL, machine }, signal)
      found.push(there)
      if (home === machine) alone.push(...there.filesystems)
    } catch {
      signal.throwIfAborted()
      unseen.push(...(names.length > 0 ? names : [`what lives on ${home}`]))
    }
  }
  const records = machines.map.filesystems
  for (const { name, home } of records) if (home === machine) alone.push(name)
  const hasLog = (filesystem: string) =>
    records.some(({ name, inSync }) => name === filesystem && inSync.some(each => each !== machine))
  const homes = [...new Set(alone)].filter(name => !hasLog(name)).sort()
  const silent = [...new Set(found.flatMap(each => each.silent))].sort()
  const places = found.flatMap(each => each.places).slice(0, IF_LOST_PLACES_MAX)
  const chunks = found.reduce((sum, each) => sum + each.chunks, 0)
  const placesCount = found.reduce((sum, each) => sum + each.placesCount, 0)
  const isAll = unseen.length === 0 && silent.length === 0 && found.every(each => each.isAll)
  const facts = { chunks, places, placesCount, homes, unseen, silent, isAll }
  return { sentence: sentenceOf(machine, facts), ...facts }
}

const POOL = 'default'

// A filesystem that the map does not name lives on a controller.
function homesElsewhere({ map, own }: Machines): ReadonlyMap<string, readonly string[]> {
  const controllers = map.machines.filter(({ role }) => role === 'controller')
  const homes = new Map(controllers.map(({ name }) => [name, [] as string[]]))
  for (const { name, home } of map.filesystems) homes.set(home, [...(homes.get(home) ?? []), name])
  homes.delete(own)
  return homes
}

/** What is lost, in one sentence, which lists the first files. */
export function sentenceOf(machine: string, facts: Omit<IfLost, 'sentence'>): string {
  const { chunks, places, placesCount, homes, unseen, silent } = facts
  const said: string[] = []
  if (homes.length > 0) said.push(`the names and attributes of all files of ${homes.join(', ')}`)
  if (chunks > 0) {
    const rest = placesCount - places.length
    const more = rest > 0 ? ` and ${rest} more` : ''
    const what = placesCount === 0 ? 'of files that are removed meanwhile' : `of ${places.join(', ')}${more}`
    said.push(`${chunks === 1 ? '1 chunk' : `${chunks} chunks`} ${what}`)
  }
  const unsure = [
    ...(silent.length === 0
      ? []
      : [`${silent.join(', ')} did not say what ${silent.length === 1 ? 'it holds' : 'they hold'}`]),
    ...(unseen.length === 0 ? [] : [`${unseen.join(', ')} could not be looked at`]),
  ]
  const but = unsure.length === 0 ? '' : ` (${unsure.join('; ')})`
  if (said.length > 0)
    return `If ${machine} is lost now, so ${chunks === 1 && homes.length === 0 ? 'is' : 'are'} ${said.join(', and ')}${but}.`
  return unsure.length === 0
    ? `Nothing is lost if ${machine} is lost now.`
    : `Nothing is known to be lost if ${machine} is lost now${but}.`
}
