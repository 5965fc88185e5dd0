import { type ByteString, SortedMap } from '#base'
import type { Span } from './key-set.ts'
import type { KeyValue, Revision } from './keyspace.ts'

/** One version of a key: its entry, or undefined where the key was deleted. */
export interface Version {
  readonly revision: Revision
  readonly entry: KeyValue | undefined
  older: Version | undefined
}

/** Versions of keys in memory, in byte order; each key's versions newest first. */
export class VersionMap {
  readonly #map = new SortedMap<Version>()

  get size(): number {
    return this.#map.size
  }

  newest(key: ByteString): Version | undefined {
    return this.#map.get(key)
  }

  /** Adds a newer version; the older ones stay reachable when `keepOlder`. */
  put(key: ByteString, version: Omit<Version, 'older'>, keepOlder: boolean): void {
    const older = keepOlder ? this.#map.get(key) : undefined
    this.#map.set(key, { revision: version.revision, entry: version.entry, older })
  }

  /** The version that was the newest as of a revision; the newest one when undefined. */
  at(key: ByteString, revision: Revision | undefined): Version | undefined {
    return versionAt(this.#map.get(key), revision)
  }

  /** The versions as of a revision of the keys in a span, deleted ones too. */
  *scan(span: Span, descending: boolean, revision: Revision | undefined): Generator<[ByteString, Version]> {
    const pairs = descending ? this.#map.entriesReversed(span.end, undefined, true) : this.#map.entries(span.start)
    for (const [key, newest] of pairs) {
      if (descending ? key < span.start : span.end !== undefined && key >= span.end) return
      const version = versionAt(newest, revision)
      if (version !== undefined) yield [key, version]
    }
  }

  /** Forgets the versions of a key up to a revision. */
  dropThrough(key: ByteString, revision: Revision): void {
    const newest = this.#map.get(key)
    if (newest === undefined) return
    if (newest.revision <= revision) this.#map.delete(key)
    else cutThrough(newest, revision)
  }

  /** Forgets what no range at `revision` or later can see of a key. */
  compact(key: ByteString, revision: Revision): void {
    const newest = this.#map.get(key)
    const kept = versionAt(newest, revision)
    if (newest === undefined || kept === undefined) return
    kept.older = undefined
    if (kept.entry !== undefined) return
    if (kept === newest) this.#map.delete(key)
    else cutThrough(newest, revision)
  }
}

function versionAt(newest: Version | undefined, revision: Revision | undefined): Version | undefined {
  if (revision === undefined) return newest
  let version = newest
  while (version !== undefined && version.revision > revision) version = version.older
  return version
}

function cutThrough(newest: Version, revision: Revision): void {
  let version = newest
  while (version.older !== undefined && version.older.revision > revision) version = version.older
  version.older = undefined
}
