import { ANSWERED_MIN, ECHOES_KEPT, LOST_MAX } from '../limits.ts'

/** What is known of a way from the echoes that were sent over it. */
export interface Echoes {
  /** Milliseconds there and back of the last ones that were answered; undefined: lost. The newest last. */
  readonly last: readonly (number | undefined)[]
  /** Broken at first, until it was answered; then again when several are lost one behind the other. */
  readonly isWell: boolean
}

export const NO_ECHOES: Echoes = { last: [], isWell: false }

/** After one more echo. */
export function withEcho({ last, isWell }: Echoes, rttMs: number | undefined): Echoes {
  const next = [...last, rttMs].slice(-ECHOES_KEPT)
  const answered = trailing(next, each => each !== undefined)
  const lost = trailing(next, each => each === undefined)
  return { last: next, isWell: isWell ? lost < LOST_MAX : answered >= ANSWERED_MIN }
}

/** The middle of the last times; undefined when none was answered. */
export function rttOf({ last }: Echoes): number | undefined {
  const times = last.filter(each => each !== undefined).sort((a, b) => a - b)
  return times[Math.floor(times.length / 2)]
}

/** Lost echoes of a hundred. */
export function lossPercentOf({ last }: Echoes): number {
  return last.length === 0 ? 0 : Math.round((100 * last.filter(each => each === undefined).length) / last.length)
}

/** True while the last echo was lost: the next is sent soon. */
export function isInDoubt({ last, isWell }: Echoes): boolean {
  return !isWell || last.at(-1) === undefined
}

function trailing(values: readonly (number | undefined)[], holds: (value: number | undefined) => boolean): number {
  const index = values.findLastIndex(value => !holds(value))
  return values.length - 1 - index
}
