/** A version as semver.org has it, 2.0.0. */
export class Semver {
  readonly numbers: readonly [major: bigint, minor: bigint, patch: bigint]
  readonly prerelease: readonly string[]

  constructor(numbers: Semver['numbers'], prerelease: readonly string[]) {
    this.numbers = numbers
    this.prerelease = prerelease
  }

  /** Below 0, 0 or above, as it comes before, with or behind another; what stands behind `+` does not count. */
  compareTo({ numbers, prerelease }: Semver): number {
    for (const [index, number] of this.numbers.entries()) {
      const other = numbers[index] ?? 0n
      if (number !== other) return number < other ? -1 : 1
    }
    if (this.prerelease.length === 0 || prerelease.length === 0) return prerelease.length - this.prerelease.length
    return comparedWords(this.prerelease, prerelease)
  }
}

/** Reads a version; `isLoose`: with a `v` before it, zeros before its numbers, or fewer of them. Undefined for what is none. */
export function readSemver(text: string, isLoose: boolean): Semver | undefined {
  const [, major, minor, patch, prerelease, build] = (isLoose ? LOOSE : STRICT).exec(text) ?? []
  if (major === undefined || text.length > SEMVER_CHARS_MAX) return undefined
  if (isLoose && patch === undefined && (prerelease ?? build) !== undefined) return undefined
  const words = prerelease === undefined ? [] : prerelease.split('.')
  return new Semver([BigInt(major), BigInt(minor ?? 0), BigInt(patch ?? 0)], words)
}

// Numbers by their size and before words, words by the alphabet, fewer before more.
function comparedWords(one: readonly string[], other: readonly string[]): number {
  for (const [index, word] of one.entries()) {
    const against = other[index]
    if (against === undefined) return 1
    if (word === against) continue
    const [isNumber, isOtherNumber] = [isDigits(word), isDigits(against)]
    if (isNumber !== isOtherNumber) return isNumber ? -1 : 1
    return (isNumber ? BigInt(word) < BigInt(against) : word < against) ? -1 : 1
  }
  return one.length - other.length
}

function isDigits(word: string): boolean {
  return /^[0-9]+$/.test(word)
}

const REST = String.raw`(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$`
const STRICT = new RegExp(String.raw`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)${REST}`)
const LOOSE = new RegExp(String.raw`^v?(\d+)(?:\.(\d+)(?:\.(\d+))?)?${REST}`)
const SEMVER_CHARS_MAX = 256
