import { createHash } from 'node:crypto'

/** Everything a run did, in order: a hash to compare runs by, and the last lines to read. */
export class Trace {
  readonly #hash = createHash('sha256')
  readonly #tail: string[] = []
  readonly #print: boolean

  constructor(print: boolean) {
    this.#print = print
  }

  line(text: string): void {
    this.#hash.update(text).update('\n')
    this.#tail.push(text)
    if (this.#tail.length > 2 * TAIL_LINES) this.#tail.splice(0, TAIL_LINES)
    if (this.#print) console.log(text)
  }

  get tail(): readonly string[] {
    return this.#tail.slice(-TAIL_LINES)
  }

  /** The hash of all lines; may be asked once, at the end. */
  digest(): string {
    return this.#hash.digest('hex').slice(0, 16)
  }
}

const TAIL_LINES = 60
