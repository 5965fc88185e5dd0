import type { KubeObject } from '#schema'
import { placeKey } from '../api-resource.ts'

/** What became of one object: `before` is undefined for a new one, `now` for one that is gone. */
export type Change =
  | { readonly kind: 'added'; readonly now: KubeObject; readonly before: undefined }
  | { readonly kind: 'modified'; readonly now: KubeObject; readonly before: KubeObject }
  | { readonly kind: 'deleted'; readonly now: undefined; readonly before: KubeObject }

/** Values under which an object is found; none when it is not in the index. */
export type IndexOf = (object: KubeObject) => readonly string[]

/** Objects of one resource as they are known here, found by place and by indexes. */
export class ObjectCache {
  readonly #objects = new Map<string, KubeObject>()
  readonly #indexes: ReadonlyMap<string, Index>

  constructor(indexes: Readonly<Record<string, IndexOf>>) {
    this.#indexes = new Map(Object.entries(indexes).map(([name, of]) => [name, { of, keys: new Map() }]))
  }

  get size(): number {
    return this.#objects.size
  }

  get(key: string): KubeObject | undefined {
    return this.#objects.get(key)
  }

  all(): IterableIterator<KubeObject> {
    return this.#objects.values()
  }

  /** The objects that an index has under a value. */
  byIndex(name: string, value: string): readonly KubeObject[] {
    const keys = this.#indexes.get(name)?.keys.get(value) ?? []
    return Array.from(keys, key => this.#objects.get(key)).filter(object => object !== undefined)
  }

  /** Takes an object as it is now; undefined when it is known like this. */
  put(now: KubeObject): Change | undefined {
    const key = placeKey(now.metadata)
    const before = this.#objects.get(key)
    if (before !== undefined && isSame(before, now)) return undefined
    this.#set(key, before, now)
    return before === undefined ? { kind: 'added', now, before } : { kind: 'modified', now, before }
  }

  /** Forgets an object; undefined when it is not known. */
  remove(object: KubeObject): Change | undefined {
    const key = placeKey(object.metadata)
    const before = this.#objects.get(key)
    if (before === undefined) return undefined
    this.#set(key, before, undefined)
    return { kind: 'deleted', now: undefined, before }
  }

  /**
   * Takes a whole list, an object at a time: what of it is new, what is different, and what is gone; undefined where nothing has changed.
   * One made anew is gone, then added. `keep` is what is kept of an object.
   */
  *replace(
    objects: readonly KubeObject[],
    keep: (object: KubeObject) => KubeObject,
  ): Generator<Change | undefined, void, undefined> {
    const there = new Map<string, string | undefined>()
    for (const { metadata } of objects) {
      there.set(placeKey(metadata), metadata.uid)
      yield undefined
    }
    for (const [key, object] of this.#objects) {
      yield there.get(key) === object.metadata.uid ? undefined : this.remove(object)
    }
    for (const object of objects) yield this.put(keep(object))
  }

  #set(key: string, before: KubeObject | undefined, now: KubeObject | undefined): void {
    if (now === undefined) this.#objects.delete(key)
    else this.#objects.set(key, now)
    for (const index of this.#indexes.values()) {
      if (before !== undefined) for (const value of index.of(before)) unlink(index, value, key)
      if (now !== undefined) for (const value of index.of(now)) link(index, value, key)
    }
  }
}

interface Index {
  readonly of: IndexOf
  readonly keys: Map<string, Set<string>>
}

function link({ keys }: Index, value: string, key: string): void {
  const there = keys.get(value)
  if (there === undefined) keys.set(value, new Set([key]))
  else there.add(key)
}

function unlink({ keys }: Index, value: string, key: string): void {
  const there = keys.get(value)
  there?.delete(key)
  if (there?.size === 0) keys.delete(value)
}

function isSame({ metadata: a }: KubeObject, { metadata: b }: KubeObject): boolean {
  return a.uid === b.uid && a.resourceVersion === b.resourceVersion
}
