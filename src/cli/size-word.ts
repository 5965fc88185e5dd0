import { InvalidArgumentError } from 'commander'
import { parseBytes } from './format.ts'

/** The bytes of a size given to an option. Faults: commander's InvalidArgumentError. */
export function sizeWord(word: string): number {
  const bytes = parseBytes(word)
  if (bytes !== undefined && bytes > 0) return bytes
  throw new InvalidArgumentError('Write a size such as 500M, 20G or 2T.')
}
