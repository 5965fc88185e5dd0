/** A seeded stream of choices (sfc32, by Chris Doty-Humphrey): the same seed always gives the same ones. */
export class Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number) {
    this.#a = seed >>> 0
    this.#b = Math.floor(seed / 2 ** 32) >>> 0
    this.#c = 0x9e3779b9
    for (let i = 0; i < 12; i++) this.u32()
  }

  u32(): number {
    const sum = (this.#a + this.#b + this.#counter) >>> 0
    this.#counter = (this.#counter + 1) >>> 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) >>> 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) >>> 0
    return sum
  }

  /** 0 <= value < 1. */
  fraction(): number {
    return this.u32() / 2 ** 32
  }

  /** A whole number from 0 to `end - 1`. */
  below(end: number): number {
    return Math.floor(this.fraction() * end)
  }

  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1)
  }

  chance(probability: number): boolean {
    return this.fraction() < probability
  }

  /** One of the items; there must be one. */
  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)]
    if (item === undefined) throw new RangeError('nothing to pick from')
    return item
  }

  /** A name of the table, each as often as its weight says. */
  weighted<Name extends string>(table: Readonly<Record<Name, number>>): Name {
    const rows = Object.entries<number>(table) as [Name, number][]
    let left = this.fraction() * rows.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [name, weight] of rows) {
      left -= weight
      if (left < 0) return name
    }
    return this.pick(rows)[0]
  }

  bytes(count: number): Buffer {
    const bytes = Buffer.allocUnsafe(count)
    let at = 0
    for (; at + 4 <= count; at += 4) bytes.writeUInt32LE(this.u32(), at)
    for (; at < count; at++) bytes[at] = this.u32()
    return bytes
  }

  /** A stream of its own, so that more choices in one place do not move those of another. */
  fork(): Random {
    return new Random(this.u32() * 2 ** 20 + (this.u32() >>> 12))
  }
}
