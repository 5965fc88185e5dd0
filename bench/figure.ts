/** A figure over some rounds. */
export interface Figure {
  readonly median: number
  /** Half of the distance between the least and the most, as a part of the median. */
  readonly spread: number
  readonly rounds: number
}

/** The figure of what was measured in each round; undefined when nothing was. */
export function figureOf(values: readonly number[]): Figure | undefined {
  const sorted = [...values].sort((a, b) => a - b)
  const [least, most] = [sorted[0], sorted.at(-1)]
  if (least === undefined || most === undefined) return undefined
  const middle = (sorted.length - 1) / 2
  const [below = 0, above = 0] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]]
  const median = (below + above) / 2
  return { median, spread: median === 0 ? 0 : (most - least) / 2 / median, rounds: sorted.length }
}
