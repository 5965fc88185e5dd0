import fs from 'node:fs'
import { type Random } from '../../posix/stress/random.ts'
import { filesOf } from './flips.ts'

/** What a power cut or a failing disk does to the end of a file. */
export type TornTail = 'cut' | 'garbage' | 'zeros'

/** Spoils the end of the newest file that fits, which is a log or a segment. */
export function spoilTail(data: string, wanted: RegExp, how: TornTail, random: Random): string {
  const file = filesOf(data, wanted).at(-1)
  if (file === undefined) throw new Error(`no file fits ${wanted}`)
  const path = `${data}/${file}`
  const bytes = fs.readFileSync(path)
  const end = bytes.findLastIndex(byte => byte !== 0) + 1
  const length = 1 + random.below(300)
  if (how === 'cut') fs.truncateSync(path, end - Math.min(length, end))
  else if (how === 'zeros') fs.writeFileSync(path, bytes.fill(0, end - Math.min(length, end), end))
  else {
    const garbage = Buffer.from(Array.from({ length }, () => random.below(256)))
    fs.writeFileSync(path, Buffer.concat([bytes.subarray(0, end), garbage, bytes.subarray(end + length)]))
  }
  return `${how} at ${end} of ${file}`
}
