import { LANDMARK_BYTES } from '../limits.ts'

/** Where in a segment a revision's record starts. */
export interface Landmark {
  readonly offset: number
  readonly revision: number
}

/** Some places in segments, so that who reads from a revision on need not read the segment from its start. */
export class Landmarks {
  readonly #bySegment = new Map<string, Landmark[]>()

  /** Remembers a place, unless there is one close to it. */
  learn(path: string, { offset, revision }: Landmark): void {
    const marks = this.#bySegment.get(path)
    if (marks === undefined) return void this.#bySegment.set(path, [{ offset, revision }])
    const before = marks.findLastIndex(mark => mark.offset <= offset)
    const gaps = [marks[before], marks[before + 1]].map(mark => Math.abs((mark?.offset ?? Infinity) - offset))
    if (Math.min(...gaps) >= LANDMARK_BYTES) marks.splice(before + 1, 0, { offset, revision })
  }

  /** The last place known in a segment that is not behind a revision. */
  near(path: string, revision: number): Landmark | undefined {
    return this.#bySegment.get(path)?.findLast(mark => mark.revision <= revision)
  }

  forget(path: string): void {
    this.#bySegment.delete(path)
  }
}
