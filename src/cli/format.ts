/** Bytes for people, such as `1.5 GiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes
  for (const unit of UNITS) {
    if (value < 1023.95) return unit === 'B' ? `${value} B` : `${value.toFixed(1)} ${unit}`
    value /= 1024
  }
  return `${value.toFixed(1)} EiB`
}

/** Bytes of a size as people write it: `500M`, `1.5 GiB`, `4096`; units are powers of 1024. Undefined for other words. */
export function parseBytes(word: string): number | undefined {
  const match = /^([0-9]+(?:\.[0-9]+)?) ?([KMGTP]?)(?:i?B)?$/i.exec(word.trim())
  if (match === null) return undefined
  const bytes = Math.round(Number(match[1]) * 1024 ** ' KMGTP'.indexOf(match[2]?.toUpperCase() || ' '))
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/** A span of time for people in its two largest units, such as `2 h 5 min`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  const parts = SPANS.map(([unit, size, whole]) => [Math.floor((seconds % whole) / size), unit] as const)
  const first = parts.findIndex(([count]) => count > 0)
  if (first === -1) return '0 s'
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ')
}

const SPANS = [
  ['d', 86_400, Number.POSITIVE_INFINITY],
  ['h', 3600, 86_400],
  ['min', 60, 3600],
  ['s', 1, 60],
] as const

/** A time as `2026-03-01 14:05`, in UTC; 64 bits of nanoseconds reach from 1677 to 2262. */
export function formatTime(ns: bigint): string {
  return new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 16).replace('T', ' ')
}

/** As {@link formatTime}, of milliseconds. */
export function formatMs(ms: number): string {
  return formatTime(BigInt(ms) * 1_000_000n)
}

/** File type and permissions as `ls -l` shows them, such as `drwxr-xr-x`. */
export function formatMode(kind: string, mode: number): string {
  const triple = (shift: number, special: boolean, letters: readonly [string, string]): string => {
    const bits = (mode >> shift) & 7
    const last = special ? letters[bits & 1 ? 0 : 1] : bits & 1 ? 'x' : '-'
    return `${bits & 4 ? 'r' : '-'}${bits & 2 ? 'w' : '-'}${last}`
  }
  const setuid = (mode & 0o4000) !== 0
  const setgid = (mode & 0o2000) !== 0
  const sticky = (mode & 0o1000) !== 0
  const owner = triple(6, setuid, ['s', 'S'])
  return `${KIND_LETTERS[kind] ?? '?'}${owner}${triple(3, setgid, ['s', 'S'])}${triple(0, sticky, ['t', 'T'])}`
}

const KIND_LETTERS: Readonly<Record<string, string>> = {
  file: '-',
  directory: 'd',
  symlink: 'l',
  fifo: 'p',
  socket: 's',
  charDevice: 'c',
  blockDevice: 'b',
}

/** `1 file`, `2 files`. */
export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}
