import { type ByteString, byteStringOfText } from '#base'
import { type Errno, isErrno } from '../errno.ts'
import { SNAPSHOT_ROWS_MAX } from '../limits.ts'
import type { HomeLink } from '../operation.ts'
import { errnoOf } from '../client/call.ts'
import type { Snapshot, SnapshotList } from '../snapshot/table.ts'

/** The snapshots of a filesystem whose home is elsewhere: asked for once, and again when the home says that they have changed. */
export class RemoteSnapshots implements SnapshotList {
  readonly #link: Pick<HomeLink, 'call'>
  #byName: ReadonlyMap<ByteString, Snapshot> = new Map()
  #byId: ReadonlyMap<number, Snapshot> = new Map()
  /** Counts what was told to be forgotten: an answer from before is not kept. */
  #changes = 0
  #known = -1

  constructor(link: Pick<HomeLink, 'call'>) {
    this.#link = link
  }

  list(): readonly Snapshot[] {
    return [...this.#byName.values()].sort((a, b) => a.revision - b.revision)
  }

  find(name: ByteString): Snapshot | undefined {
    return this.#byName.get(name)
  }

  byId(id: number): Snapshot | undefined {
    return this.#byId.get(id)
  }

  /** They are not known any more. */
  forget(): void {
    this.#changes += 1
  }

  /** Resolves when they are known; undefined when they are. */
  fresh(): Promise<Errno | undefined> | undefined {
    return this.#known === this.#changes ? undefined : this.#ask().catch(errnoOf)
  }

  async #ask(): Promise<Errno | undefined> {
    const found: Snapshot[] = []
    const changes = this.#changes
    for (let after = 0; ; after = found.at(-1)?.id ?? after) {
      const rows = await this.#link.call('snapshots', { after })
      if (isErrno(rows)) return rows
      found.push(...rows)
      if (rows.length < SNAPSHOT_ROWS_MAX) break
    }
    this.#byName = new Map(found.map(snapshot => [byteStringOfText(snapshot.name), snapshot]))
    this.#byId = new Map(found.map(snapshot => [snapshot.id, snapshot]))
    this.#known = changes
    return undefined
  }
}
