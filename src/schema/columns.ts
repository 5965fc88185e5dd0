import type { Json } from './json.ts'
import type { Column } from './resource.ts'

/** A column of text or numbers. */
export function column(name: string, cell: Column['cell'], more: Partial<Column> = {}): Column {
  return { name, type: 'string', format: '', description: '', priority: 0, cell, ...more }
}

/** A column shown with `-o wide` only. */
export function wideColumn(name: string, cell: Column['cell']): Column {
  return column(name, cell, { priority: 1 })
}

export const nameColumn: Column = column('Name', object => object.metadata.name, {
  format: 'name',
  description: 'Name of the object, unique among those of its kind in its namespace.',
})

export const ageColumn: Column = column('Age', ({ metadata }, nowMs) => ageOf(metadata.creationTimestamp, nowMs), {
  description: 'Time since the object was made.',
})

/** Time since then, in the two largest units that matter (k8s.io/apimachinery/pkg/util/duration HumanDuration). */
export function ageOf(time: Json | undefined, nowMs: number): string {
  const thenMs = typeof time === 'string' ? Date.parse(time) : Number.NaN
  if (Number.isNaN(thenMs)) return '<unknown>'
  const seconds = Math.floor((nowMs - thenMs) / 1000)
  if (seconds < 0) return seconds >= -1 ? '0s' : '<invalid>'
  return humanDuration(seconds)
}

/** As {@link ageOf}, of a length of time. */
export function humanDuration(seconds: number): string {
  if (seconds < 2 * MINUTE) return `${seconds}s`
  if (seconds < 10 * MINUTE) return two(seconds, [MINUTE, 'm'], [1, 's'])
  if (seconds < 3 * HOUR) return `${Math.floor(seconds / MINUTE)}m`
  if (seconds < 8 * HOUR) return two(seconds, [HOUR, 'h'], [MINUTE, 'm'])
  if (seconds < 2 * DAY) return `${Math.floor(seconds / HOUR)}h`
  if (seconds < 8 * DAY) return two(seconds, [DAY, 'd'], [HOUR, 'h'])
  if (seconds < 2 * YEAR) return `${Math.floor(seconds / DAY)}d`
  return seconds < 8 * YEAR ? two(seconds, [YEAR, 'y'], [DAY, 'd']) : `${Math.floor(seconds / YEAR)}y`
}

type Unit = readonly [seconds: number, letter: string]

function two(seconds: number, [large, letter]: Unit, [small, smallLetter]: Unit): string {
  const rest = Math.floor((seconds % large) / small)
  return `${Math.floor(seconds / large)}${letter}${rest === 0 ? '' : `${rest}${smallLetter}`}`
}

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const YEAR = 365 * DAY
