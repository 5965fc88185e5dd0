import fs from 'node:fs'
import type { Random } from '../../posix/stress/random.ts'

/** One bit that was turned round. */
export interface Flip {
  /** Relative to the data folder. */
  readonly file: string
  readonly at: number
  readonly bit: number
}

// Empty ones, and those that say nothing about data.
const IDLE = /(^|\/)(lock|storage\.lock|cairn\.pid|cairn\.sock|ballast)$|-shm$|-journal$/

/** The files of a data folder whose bytes mean something and whose path fits. */
export function filesOf(data: string, wanted: RegExp): string[] {
  return fs
    .readdirSync(data, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => `${entry.parentPath}/${entry.name}`.slice(data.length + 1))
    .filter(file => wanted.test(file) && !IDLE.test(file) && usedBytes(`${data}/${file}`) > 0)
    .sort()
}

/** Turns random bits of those files round, so many in all, and tells which. */
export function flipAnywhere(
  data: string,
  wanted: RegExp,
  { random, count }: { random: Random; count: number },
): Flip[] {
  const files = filesOf(data, wanted)
  return Array.from({ length: count }, () => {
    const file = random.pick(files)
    const flip = { file, at: random.below(usedBytes(`${data}/${file}`)), bit: random.below(8) }
    flipBit(data, flip)
    return flip
  })
}

/** Turns one bit round. */
function flipBit(data: string, { file, at, bit }: Flip): void {
  const fd = fs.openSync(`${data}/${file}`, 'r+')
  const byte = Buffer.alloc(1)
  fs.readSync(fd, byte, 0, 1, at)
  fs.writeSync(fd, Buffer.of((byte[0] ?? 0) ^ (1 << bit)), 0, 1, at)
  fs.closeSync(fd)
}

// Logs are filled with zeros ahead of their end: a flip there says little.
function usedBytes(path: string): number {
  const bytes = fs.readFileSync(path)
  return bytes.findLastIndex(byte => byte !== 0) + 1
}
