import type { Clock } from '#base'
import { epochsOf, type LocalKeyspace, revisionOf } from '#keyspace'
import type { ChunkSource } from '../chunk-source.ts'
import { treeShape } from '../content/shape.ts'
import { TreeStore } from '../content/tree-store.ts'
import { errnoOf } from '../client/call.ts'
import { isErrno } from '../errno.ts'
import { FilesystemAccess } from '../home/access-rules.ts'
import { Home } from '../home/home.ts'
import { readSuperblock } from '../home/superblock.ts'
import type { HomeOperations } from '../operation.ts'
import { isInLog } from './answered.ts'
import { sessionFault } from './faults.ts'
import { permitted } from './permitted.ts'
import { isForStandIn, type RemoteAnswer, type RemoteKind, type StandInCall } from './protocol.ts'
import { contentWithin } from './told.ts'

/**
 * Answers what only reads from a copy of a filesystem's log: all that was synced, and what any machine was shown of others' changes, is
 * in it; what was closed elsewhere and never synced may not be.
 */
export class StandIn {
  readonly #revision: number
  readonly #keyspace: LocalKeyspace
  readonly #home: Home
  readonly #access: FilesystemAccess

  /** Reads a keyspace as it is now: when that has changed, another one is made. */
  constructor(keyspace: LocalKeyspace, { chunks, clock }: { readonly chunks: ChunkSource; readonly clock: Clock }) {
    const superblock = readSuperblock(keyspace)
    if (superblock === undefined) throw sessionFault('Behind', 'the log of the filesystem is empty here')
    this.#revision = keyspace.revision
    this.#keyspace = keyspace
    this.#home = new Home({ keyspace, chunks, clock, trees: new TreeStore(treeShape(superblock.chunkBytes), chunks) })
    this.#access = new FilesystemAccess(keyspace)
  }

  /** True while a keyspace is as it was read here. */
  isOf(keyspace: LocalKeyspace): boolean {
    return this.#keyspace === keyspace && this.#revision === keyspace.revision
  }

  /** Faults: NotForStandIn, Behind. */
  async answer(
    machine: { readonly name: string; readonly isController: boolean },
    { kind, input, newest }: StandInCall,
  ): Promise<RemoteAnswer> {
    const access = this.#access.of(machine)
    if (access === undefined || !isForStandIn(kind)) {
      throw sessionFault('NotForStandIn', `only the home answers ${machine.name} what it asks: ${kind}`)
    }
    if (!isInLog(epochsOf(this.#keyspace), revisionOf(this.#revision + 1), newest)) {
      throw sessionFault('Behind', `what was answered in revision ${newest.answered} is not here`)
    }
    const session = { access, mayWrite: () => false, wrote: () => undefined }
    const call = { kind, input, name: undefined }
    const allowed = permitted(this.#home.context, session, call)
    const told = { revision: this.#revision, changed: [], contentTo: 0 }
    if (isErrno(allowed)) return { ...told, answer: allowed }
    const answer = await this.#run(kind, allowed as HomeOperations[RemoteKind]['input'])
    if (kind !== 'content' || isErrno(answer) || !('range' in input)) return { ...told, answer }
    const content = answer as HomeOperations['content']['answer']
    const cut = contentWithin(content, input.range ?? { from: 0, to: content.size })
    return { ...told, answer: cut.content, contentTo: cut.to }
  }

  async #run(kind: RemoteKind, input: HomeOperations[RemoteKind]['input']): Promise<RemoteAnswer['answer']> {
    try {
      return (await this.#home.run(kind, input as never, undefined)) as RemoteAnswer['answer']
    } catch (error) {
      return errnoOf(error)
    }
  }
}
