import type { Outcome } from './simulation.ts'

/** A line on a terminal that says how far it is. */
export class Progress {
  readonly #count: number
  readonly #startMs = performance.now()
  #done = 0
  #lives = 0
  #operations = 0

  constructor(count: number) {
    this.#count = count
  }

  get summary(): string {
    const seconds = (performance.now() - this.#startMs) / 1000
    return `${this.#done} seeds, ${this.#lives} lives, ${this.#operations} operations in ${seconds.toFixed(1)} s`
  }

  show({ lives, operationsDone }: Outcome, failed: number): void {
    this.#done += 1
    this.#lives += lives
    this.#operations += operationsDone
    if (process.stderr.isTTY) process.stderr.write(`\r${this.#done} of ${this.#count} seeds, ${failed} failed `)
  }

  clear(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
  }
}
