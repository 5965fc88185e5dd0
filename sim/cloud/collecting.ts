import { type Digest, digestHex } from '#base'
import { mustHold } from '../model/violation.ts'
import type { Random } from '../random.ts'
import { COLLECT_GRACE_MS, type CloudMachine } from './machine.ts'

/** What chunks are collected with. */
export interface CollectedCloud {
  readonly random: Random
  readonly machines: readonly CloudMachine[]
  note(line: string): void
  pause(ms: number): Promise<void>
  /** The program broke. */
  broke(error: unknown): void
}

/** Beside all else machines collect, one now and then: what is found unneeded in one round of trouble may go in the next. */
export async function collecting(cloud: CollectedCloud): Promise<void> {
  for (let step = 0; step < COLLECTIONS; step++) {
    await cloud.pause(cloud.random.fraction() * 20_000)
    void collect(cloud, cloud.random.pick(cloud.machines))
  }
}

/** In calm all goes that nobody needs; that nothing else does is looked at later. */
export async function collectAll(cloud: CollectedCloud, home: CloudMachine): Promise<void> {
  let why: string | undefined = 'nobody has collected'
  for (let tries = 0; why !== undefined; tries++) {
    mustHold(tries < TRIES_MAX, () => `what nobody needs stays: ${why}`)
    if (tries > 0) await cloud.pause(COLLECT_GRACE_MS)
    for (const machine of cloud.machines) {
      mustHold(await collect(cloud, machine), () => `${machine.name} cannot collect in calm`)
    }
    why = await whyGarbage(home, cloud.machines)
  }
}

async function collect(cloud: CollectedCloud, machine: CloudMachine): Promise<boolean> {
  try {
    const isDone = await machine.collect()
    cloud.note(`${machine.name} ${isDone ? 'collects' : 'cannot collect'}`)
    return isDone
  } catch (error) {
    cloud.broke(error)
    return false
  }
}

// Which machine holds what nobody names; undefined: none does.
async function whyGarbage({ home }: CloudMachine, machines: readonly CloudMachine[]): Promise<string | undefined> {
  const named = new Set<Digest>()
  for await (const batch of home?.filesystem.references(NEVER) ?? []) for (const digest of batch) named.add(digest)
  for (const { name, store } of machines) {
    const held = (await store?.list(0, 1)) ?? []
    const found = held.find(({ digest, state }) => state === 'held' && !named.has(digest))
    if (found !== undefined) return `${name} holds chunk ${digestHex(found.digest)}`
  }
  return undefined
}

const NEVER = new AbortController().signal
const COLLECTIONS = 6
const TRIES_MAX = 5
