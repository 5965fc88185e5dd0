import { type ByteString, compareByteStrings } from '#base'
import { spanHas, spanOf } from '../key-set.ts'
import type { KeySet } from '../keyspace.ts'

/** An entry of the model: value, create revision, mod revision, version. */
type ModelEntry = readonly [string, number, number, number]

/** A step of a history: puts and deletes of one transaction, guarded by whether a key is there. */
export interface ModelTxn {
  readonly guard: { readonly key: ByteString; readonly there: boolean } | undefined
  readonly puts: readonly (readonly [ByteString, string])[]
  readonly deletes: readonly KeySet[]
}

/** A keyspace as simple as can be: a copy of everything for every revision. */
export class NaiveModel {
  readonly states: Map<ByteString, ModelEntry>[] = [new Map()]
  /** Events of each revision, as `conformance` shows them. */
  readonly events: string[][] = [[]]

  get revision(): number {
    return this.states.length - 1
  }

  apply(txn: ModelTxn): void {
    const now = new Map(this.states[this.revision])
    if (txn.guard !== undefined && now.has(txn.guard.key) !== txn.guard.there) return
    const revision = this.revision + 1
    const events: string[] = []
    for (const [key, value] of txn.puts) {
      const before = now.get(key)
      const entry: ModelEntry = [value, before?.[1] ?? revision, revision, (before?.[3] ?? 0) + 1]
      now.set(key, entry)
      events.push(`put ${shown(key, entry)}${before === undefined ? '' : ` was ${shown(key, before)}`}`)
    }
    for (const keys of txn.deletes) {
      for (const key of this.#keys(now, keys)) {
        events.push(`delete ${key}@${revision} was ${shown(key, now.get(key)!)}`)
        now.delete(key)
      }
    }
    if (events.length === 0) return
    this.states.push(now)
    this.events.push(events)
  }

  range(keys: KeySet, revision: number): string[] {
    const state = this.states[revision]!
    return this.#keys(state, keys).map(key => shown(key, state.get(key)!))
  }

  /** Forgets everything after a revision. */
  cutTo(revision: number): void {
    this.states.length = revision + 1
    this.events.length = revision + 1
  }

  #keys(state: ReadonlyMap<ByteString, ModelEntry>, keys: KeySet): ByteString[] {
    return [...state.keys()].filter(key => spanHas(spanOf(keys), key)).sort(compareByteStrings)
  }
}

function shown(key: ByteString, [value, created, mod, version]: ModelEntry): string {
  return `${key}=${value}@${created}/${mod}/${version}`
}
