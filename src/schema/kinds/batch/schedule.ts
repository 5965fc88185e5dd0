/**
 * What is wrong with a schedule such as `0 3 * * 1-5`: minute, hour, day of the month, month, day of the week
 * (en.wikipedia.org/wiki/Cron; the words and steps of github.com/robfig/cron's standard parser).
 */
export function scheduleProblem(text: string): string | undefined {
  if (/TZ=/.test(text)) return 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'
  if (text.startsWith('@')) {
    const isKnown = WORDS.includes(text) || /^@every ([0-9]+(\.[0-9]+)?(ms|us|ns|s|m|h))+$/.test(text)
    return isKnown ? undefined : `unrecognized descriptor: ${text}`
  }
  const fields = text.trim().split(/\s+/)
  if (fields.length !== FIELDS.length) return `expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`
  for (const [index, part] of fields.entries()) {
    const field = FIELDS[index]
    const problem = field === undefined ? undefined : fieldProblem(part, field)
    if (problem !== undefined) return problem
  }
  return undefined
}

/** What is wrong with the name of a time zone, such as `Europe/Berlin`. */
export function timeZoneProblem(name: string): string | undefined {
  if (name === '' || name.toLowerCase() === 'local')
    return 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones'
  return TIME_ZONES.has(name) || ['UTC', 'GMT', 'Etc/UTC'].includes(name) ? undefined : `unknown time zone ${name}`
}

const TIME_ZONES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('timeZone'))
const WORDS = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly']
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

interface Field {
  readonly from: number
  readonly to: number
  readonly words: readonly string[]
}

const FIELDS: readonly Field[] = [
  { from: 0, to: 59, words: [] },
  { from: 0, to: 23, words: [] },
  { from: 1, to: 31, words: [] },
  { from: 1, to: 12, words: MONTHS },
  { from: 0, to: 6, words: DAYS },
]

function fieldProblem(text: string, field: Field): string | undefined {
  for (const part of text.split(',')) {
    const [range = '', step, ...rest] = part.split('/')
    if (rest.length > 0) return `too many slashes: ${part}`
    if (step !== undefined && !/^[1-9][0-9]{0,5}$/.test(step)) return `failed to parse int from ${step}: ${part}`
    if (range === '*' || range === '?') continue
    const [low, high, ...more] = range.split('-').map(word => numberOf(word, field))
    if (more.length > 0) return `too many hyphens: ${part}`
    if (low === undefined || Number.isNaN(low) || Number.isNaN(high ?? 0))
      return `failed to parse int from ${range}: ${part}`
    if (low < field.from) return `beginning of range (${low}) below minimum (${field.from}): ${part}`
    if ((high ?? low) > field.to) return `end of range (${high ?? low}) above maximum (${field.to}): ${part}`
    if (high !== undefined && low > high) return `beginning of range (${low}) beyond end of range (${high}): ${part}`
  }
  return undefined
}

function numberOf(word: string, { from, words }: Field): number {
  const at = words.indexOf(word.toLowerCase())
  if (at >= 0) return at + from
  return /^[0-9]{1,3}$/.test(word) ? Number(word) : Number.NaN
}
