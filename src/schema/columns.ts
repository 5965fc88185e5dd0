import { isJsonObject, type Json, jsonAt, listAt, textAt } from './json.ts'
import type { Column } from './resource.ts'

/** A column of text or numbers. */
export function column(name: string, cell: Column['cell'], more: Partial<Column> = {}): Column {
  return { name, type: 'string', format: '', description: '', priority: 0, cell, ...more }
}

/** A column shown with `-o wide` only. */
export function wideColumn(name: string, cell: Column['cell']): Column {
  return column(name, cell, { priority: 1 })
}

/** A cell with what is at a path; `missing` where nothing is. */
export function at(path: string, missing: Json = ''): Column['cell'] {
  const names = path.split('.')
  return object => {
    const value = jsonAt(object, ...names)
    return value === undefined || value === '' ? missing : value
  }
}

/** As {@link at}, with `<none>` where nothing is. */
export function atOrNone(path: string): Column['cell'] {
  return at(path, '<none>')
}

/** A column with a number that is at a path; 0 where none is. */
export function countColumn(name: string, path: string): Column {
  return column(name, at(path, 0), { type: 'integer' })
}

/** A cell with the time since what is at a path. */
export function since(path: string, missing: string): Column['cell'] {
  const names = path.split('.')
  return (object, nowMs) => {
    const time = textAt(object, ...names)
    return time === undefined ? missing : ageOf(time, nowMs)
  }
}

/** What a list at a path has in a field, with commas between. */
export function listText(value: Json | undefined, path: string, field: string): string {
  const names = path.split('.')
  return listAt(value, ...names)
    .map(item => textAt(item, field) ?? '')
    .join(',')
}

/** Labels as kubectl shows them, such as `app=web,tier=a`. */
export function labelsText(labels: Json | undefined): string {
  if (!isJsonObject(labels)) return '<none>'
  const pairs = Object.keys(labels).sort()
  return pairs.length === 0 ? '<none>' : pairs.map(key => `${key}=${textAt(labels, key) ?? ''}`).join(',')
}

/** True or false as kubectl shows flags of objects. */
export function flagText(value: Json | undefined, missing = '<unset>'): string {
  return value === true ? 'True' : value === false ? 'False' : missing
}

/** The first few of a list, and how many there are more. */
export function firstFew(all: readonly string[], shown = 3): string {
  const rest = all.length - shown
  return `${all.slice(0, shown).join(',')}${rest > 0 ? ` + ${rest} more...` : ''}`
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
