import type { Digest } from '#base'
import { forMachines, type Machines } from '#cluster'
import { answerDownload, answerUnary, type Handler, type Message, message } from '#rpc'
import { chunkIfLost, chunkRoots, DIGESTS_MAX, packDigests, type Pool, unpackDigests } from '#storage/pool'
import { mainFault } from '../faults.ts'
import { ifLostHere } from '../methods/if-lost.ts'
import type { Filesystems } from './filesystems.ts'

/** What the filesystems of other machines name. */
export interface OtherRoots {
  /** True while there are no other machines. */
  readonly isAlone: boolean
  /** All of it, machine after machine. Throws when one does not answer: then nothing may be collected. */
  references(signal: AbortSignal): AsyncIterable<readonly Digest[]>
}

/** Nobody else has a part in this machine's chunks. */
export const NO_OTHER_ROOTS: OtherRoots = {
  isAlone: true,
  async *references() {},
}

/** The roots at every other machine of the map, whether it is heard or not. */
export function otherRoots(machines: Pick<Machines, 'own' | 'map' | 'client' | 'connect'>): OtherRoots {
  const others = () => machines.map.machines.map(({ name }) => name).filter(name => name !== machines.own)
  return {
    get isAlone() {
      return others().length === 0
    },
    async *references(signal) {
      for (const name of others()) {
        const client = machines.client(name) ?? (await machines.connect(name, signal))
        for await (const { body } of client.download(chunkRoots, { pool: POOL }, signal)) yield unpackDigests(body)
      }
    },
  }
}

/** Answers other machines what the filesystems of this one name. */
export function rootsHandlers(
  filesystems: () => Pick<Filesystems, 'held' | 'all'> | undefined,
  pool: Pick<Pool, 'onlyAt'>,
): readonly Handler[] {
  return forMachines([
    answerDownload(chunkRoots, (_, { signal }) => told(filesystems(), signal)),
    answerUnary(chunkIfLost, async ({ machine }, { signal }) => {
      return message(await ifLostHere({ filesystems: opened(filesystems()), pool }, machine, signal))
    }),
  ])
}

function opened<Open>(filesystems: Open | undefined): Open {
  if (filesystems !== undefined) return filesystems
  throw mainFault('HomeUnreachable', 'the filesystems of this machine are not open yet')
}

async function* told(
  filesystems: Pick<Filesystems, 'held'> | undefined,
  signal: AbortSignal,
): AsyncGenerator<Message<undefined>, Message<undefined>, undefined> {
  for (const { filesystem, keyspace } of opened(filesystems).held) {
    await filesystem.settled()
    for await (const batch of filesystem.references(signal)) {
      for (let at = 0; at < batch.length; at += DIGESTS_MAX) {
        yield message(undefined, packDigests(batch.slice(at, at + DIGESTS_MAX)))
      }
    }
    // What was removed before it was asked stays removed: only then its chunks may go.
    await keyspace.sync(keyspace.revision, signal)
  }
  return message(undefined)
}

const POOL = 'default'
