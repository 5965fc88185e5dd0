import { type Message, message } from '#rpc'
import { CHANGES_KEPT } from '../limits.ts'
import { mapBytes } from '../map-bytes.ts'
import { changeBytes } from '../map-change.ts'
import { MapHistory } from '../map-history.ts'
import type { NodeMap } from '../node-map.ts'

/** What who asks for the map is answered: what changed since the one it has, where that is known and less. Written once for all who ask. */
export class MapAnswers {
  readonly #history: MapHistory
  readonly #changes = new Map<number, Answer>()
  #map: NodeMap
  #whole: Answer | undefined

  constructor(map: NodeMap) {
    this.#map = map
    this.#history = new MapHistory(map)
  }

  /** The map is another one now. */
  note(map: NodeMap): void {
    this.#map = map
    this.#history.note(map)
    this.#whole = undefined
    this.#changes.clear()
  }

  /** The answer to who has the map of this version, or says nothing of it. */
  of(version: number | undefined): Answer {
    this.#whole ??= message(undefined, mapBytes(this.#map))
    if (version === undefined) return this.#whole
    const known = this.#changes.get(version)
    if (known !== undefined) return known
    const answer = this.#since(version, this.#whole)
    if (this.#changes.size < CHANGES_KEPT) this.#changes.set(version, answer)
    return answer
  }

  #since(version: number, whole: Answer): Answer {
    const change = this.#history.since(version)
    if (change === undefined) return whole
    const bytes = changeBytes(change)
    return bytes.byteLength < whole.body.byteLength ? message({ since: version }, bytes) : whole
  }
}

/** What `cluster.map` answers. */
type Answer = Message<{ readonly since?: number } | undefined>
