import { createHash } from 'node:crypto'
import { forMachines, type Machines } from '#cluster'
import { answerDownload, answerUnary, type Client, type Handler, type Message, message } from '#rpc'
import { DigestFilter } from '#storage/chunks'
import { chunkIfLost, chunkRoots, chunkRootsVersion, FILTER_BYTES_MAX, PIECE_BYTES_MAX, type Pool } from '#storage/pool'
import { mainFault } from '../faults.ts'
import { ifLostHere } from '../methods/if-lost.ts'
import type { Replication } from '../replication/replication.ts'
import type { Filesystems } from './filesystems.ts'
import { checkRoots, type RootsHomes } from './roots-homes.ts'

/** What says of a chunk whether it is named; it may say so of a few that are not. */
export type Named = Pick<DigestFilter, 'mayHave'>

/** What the filesystems of other machines name. */
export interface OtherRoots {
  /** True while there are no other machines. */
  readonly isAlone: boolean
  /** Changes whenever what they name may have. Throws when one does not answer. */
  version(signal: AbortSignal): Promise<string>
  /**
   * All of it, machine after machine. Throws when one does not answer, or a home in its last epoch is not among them: then nothing may be
   * collected.
   */
  named(salt: number, signal: AbortSignal): Promise<readonly Named[]>
}

/** Nobody else has a part in this machine's chunks. */
export const NO_OTHER_ROOTS: OtherRoots = {
  isAlone: true,
  version: async () => '',
  named: async () => [],
}

/**
 * The roots at every other machine of the map, whether it is heard or not. What a machine has named is asked again only when
 * it has changed since.
 */
export function otherRoots(
  machines: Pick<Machines, 'own' | 'map' | 'client' | 'connect'>,
  own: () => RootsHomes,
): OtherRoots {
  const others = () => machines.map.machines.map(({ name }) => name).filter(name => name !== machines.own)
  const clientOf = async (name: string, signal: AbortSignal) =>
    machines.client(name) ?? (await machines.connect(name, signal))
  const versionOf = async (name: string, signal: AbortSignal) =>
    (await clientOf(name, signal)).call(chunkRootsVersion, { pool: POOL }, signal)
  const told = new Map<string, { readonly version: string; readonly named: Named }>()
  return {
    get isAlone() {
      return others().length === 0
    },
    async version(signal) {
      const versions: string[] = []
      for (const name of others()) versions.push(`${name} ${(await versionOf(name, signal)).version}`)
      return versions.sort().join('\n')
    },
    async named(salt, signal) {
      const names = others()
      for (const name of told.keys()) if (!names.includes(name)) told.delete(name)
      const homes: RootsHomes[] = []
      for (const name of names) {
        // Before it is asked: what changes while it answers is asked for the next time.
        const { version, ...said } = await versionOf(name, signal)
        homes.push(said)
        if (told.get(name)?.version === version) continue
        const named = await filterOf(await clientOf(name, signal), salt, signal)
        told.set(name, { version, named })
      }
      if (names.length > 0) checkRoots([...homes, own()])
      return Array.from(told.values(), ({ named }) => named)
    },
  }
}

async function filterOf(client: Client, salt: number, signal: AbortSignal): Promise<Named> {
  let bytes = new Uint8Array(0)
  let filled = 0
  for await (const { head, body } of client.download(chunkRoots, { pool: POOL, salt }, signal)) {
    if (filled === 0) bytes = new Uint8Array(head.bytes)
    if (filled + body.byteLength > bytes.byteLength) throw wrong('more')
    bytes.set(body, filled)
    filled += body.byteLength
  }
  const isWhole = filled === bytes.byteLength && filled >= FILTER_BYTES_MIN && Number.isInteger(Math.log2(filled))
  if (!isWhole) throw wrong('another number')
  return DigestFilter.of(bytes, salt)
}

// The least that a filter has.
const FILTER_BYTES_MIN = 128

function wrong(how: string): Error {
  return mainFault('Invalid', `a machine named its chunks with ${how} of bytes than a filter has`)
}

/** Answers other machines what the filesystems of this one name. */
export function rootsHandlers(
  filesystems: () => Pick<Filesystems, 'held' | 'all'> | undefined,
  pool: Pick<Pool, 'onlyAt' | 'boot'>,
  homes: () => RootsHomes,
): readonly Handler[] {
  return forMachines([
    answerDownload(chunkRoots, ({ salt }, { signal }) => told(opened(filesystems()), salt, signal)),
    answerUnary(chunkRootsVersion, async () => {
      const version = await versionHere(opened(filesystems()), pool.boot)
      return message({ version, ...homes() })
    }),
    answerUnary(chunkIfLost, async ({ machine }, { signal }) => {
      return message(await ifLostHere({ filesystems: opened(filesystems()), pool }, machine, signal))
    }),
  ])
}

/** Of which filesystems this machine is the home, and what it knows of others. */
export function homesHere(
  filesystems: Pick<Filesystems, 'all' | 'shippingOf'> | undefined,
  replication: Pick<Replication, 'records' | 'isCutOff'>,
): RootsHomes {
  const known = replication.records.all.map(({ name, epoch }) => ({ filesystem: name, epoch }))
  const homes = (filesystems?.all ?? []).flatMap(({ name }) => {
    const epoch = filesystems?.shippingOf(name)?.epoch
    return epoch === undefined || replication.isCutOff(name) ? [] : [{ filesystem: name, epoch }]
  })
  return { homes, known }
}

function opened<Open>(filesystems: Open | undefined): Open {
  if (filesystems !== undefined) return filesystems
  throw mainFault('HomeUnreachable', 'the filesystems of this machine are not open yet')
}

// Writes under way come to their end first, as they do before all is named.
async function versionHere({ held }: Pick<Filesystems, 'held'>, boot: string): Promise<string> {
  const said: string[] = []
  for (const { name, filesystem, keyspace } of held) {
    await filesystem.settled()
    said.push(`${name} ${keyspace.revision}`)
  }
  return `${boot} ${createHash('sha256').update(said.join('\n')).digest('hex')}`
}

async function* told(
  { held }: Pick<Filesystems, 'held'>,
  salt: number,
  signal: AbortSignal,
): AsyncGenerator<Message<{ bytes: number }>, Message<undefined>, undefined> {
  const { bytes } = await namedHere(held, salt, signal)
  for (let at = 0; at < bytes.byteLength; at += PIECE_BYTES_MAX) {
    yield message({ bytes: bytes.byteLength }, bytes.subarray(at, at + PIECE_BYTES_MAX))
  }
  return message(undefined)
}

// How many there are is known behind the first walk: a filter that was too small for them is made anew.
async function namedHere(held: Filesystems['held'], salt: number, signal: AbortSignal): Promise<DigestFilter> {
  for (let count = COUNT_GUESSED; ; ) {
    const filter = new DigestFilter(count, salt)
    for (const { filesystem, keyspace } of held) {
      await filesystem.settled()
      for await (const batch of filesystem.references(signal)) for (const digest of batch) filter.add(digest)
      // What was removed before it was asked stays removed: only then its chunks may go.
      await keyspace.sync(keyspace.revision, signal)
    }
    if (filter.count <= 2 * count || filter.bytes.byteLength * 2 > FILTER_BYTES_MAX) return filter
    count = Math.min(filter.count, FILTER_BYTES_MAX / 4)
  }
}

const COUNT_GUESSED = 100_000

const POOL = 'default'
