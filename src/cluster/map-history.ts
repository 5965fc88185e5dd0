import { CHANGED_ROWS_MAX } from './limits.ts'
import { type MapChange, mapDigest, type RowsChange, ROW_KEYS } from './map-change.ts'
import type { NodeMap } from './node-map.ts'

/** When the rows of the maps of this machine changed, so far as it saw them: what changed since each of these maps. */
export class MapHistory {
  #map: NodeMap
  /** The earliest map from which all changes are known. */
  #first: number
  readonly #machines = new RowHistory(ROW_KEYS.machines)
  readonly #pools = new RowHistory(ROW_KEYS.pools)
  readonly #filesystems = new RowHistory(ROW_KEYS.filesystems)
  readonly #revoked = new RowHistory(ROW_KEYS.revoked)
  #digest: string | undefined

  constructor(map: NodeMap) {
    this.#map = map
    this.#first = map.version
    this.#begin(map)
  }

  /** Takes the next map. */
  note(map: NodeMap): void {
    const before = this.#map
    this.#map = map
    this.#digest = undefined
    const isNext = before.isShared && map.isShared && before.cloud === map.cloud && before.version < map.version
    if (!isNext) return this.#begin(map)
    const { version } = map
    this.#first = Math.max(
      this.#first,
      this.#machines.note(map.machines, version),
      this.#pools.note(map.pools, version),
      this.#filesystems.note(map.filesystems, version),
      this.#revoked.note(map.revoked, version),
    )
  }

  /** What changed since the map of this version; undefined when that is not known here any more, or not yet. */
  since(version: number): MapChange | undefined {
    const { isShared, machines: _m, pools: _p, filesystems: _f, revoked: _r, ...head } = this.#map
    if (!isShared || version < this.#first || version > head.version) return undefined
    this.#digest ??= mapDigest(this.#map)
    return {
      digest: this.#digest,
      head,
      machines: this.#machines.since(version),
      pools: this.#pools.since(version),
      filesystems: this.#filesystems.since(version),
      revoked: this.#revoked.since(version),
    }
  }

  #begin(map: NodeMap): void {
    this.#first = map.version
    this.#machines.begin(map.machines)
    this.#pools.begin(map.pools)
    this.#filesystems.begin(map.filesystems)
    this.#revoked.begin(map.revoked)
  }
}

/** When the rows of one list changed. */
class RowHistory<Row> {
  readonly #keyOf: (row: Row) => string
  #rows: ReadonlyMap<string, Row> = new Map()
  /** The version in which each changed last, or went: the earliest first. */
  readonly #changed = new Map<string, number>()

  constructor(keyOf: (row: Row) => string) {
    this.#keyOf = keyOf
  }

  begin(rows: readonly Row[]): void {
    this.#rows = this.#byKey(rows)
    this.#changed.clear()
  }

  /** Takes the rows of the next version; answers the earliest since which all changes are known, 0 when that is as before. */
  note(rows: readonly Row[], version: number): number {
    const before = this.#rows
    this.#rows = this.#byKey(rows)
    for (const [key, row] of this.#rows) if (!isSame(before.get(key), row)) this.#stamp(key, version)
    for (const key of before.keys()) if (!this.#rows.has(key)) this.#stamp(key, version)
    return this.#forget()
  }

  since(version: number): RowsChange<Row> {
    const [set, gone]: [Row[], string[]] = [[], []]
    for (const [key, changed] of this.#changed) {
      const row = this.#rows.get(key)
      if (changed <= version) continue
      if (row === undefined) gone.push(key)
      else set.push(row)
    }
    return { set, gone }
  }

  #byKey(rows: readonly Row[]): ReadonlyMap<string, Row> {
    return new Map(rows.map(row => [this.#keyOf(row), row]))
  }

  #stamp(key: string, version: number): void {
    this.#changed.delete(key)
    this.#changed.set(key, version)
  }

  #forget(): number {
    let first = 0
    for (const [key, version] of this.#changed) {
      if (this.#changed.size <= CHANGED_ROWS_MAX) break
      this.#changed.delete(key)
      first = version
    }
    return first
  }
}

function isSame<Row>(one: Row | undefined, other: Row): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other)
}
