/** Room for so much at a time; who asks for more than is left waits in line. */
export class Slots {
  readonly #line: { readonly count: number; readonly go: () => void }[] = []
  readonly #max: number
  #left: number

  constructor(max: number) {
    this.#max = max
    this.#left = max
  }

  /** Resolves when there is room for `count`, which disposing gives back; for more than there is ever, when all is free. */
  async take(count: number): Promise<Disposable> {
    const taken = Math.min(count, this.#max)
    if (this.#line.length > 0 || this.#left < taken) {
      await new Promise<void>(go => this.#line.push({ count: taken, go }))
    } else this.#left -= taken
    let isBack = false
    return {
      [Symbol.dispose]: () => {
        if (isBack) return
        isBack = true
        this.#left += taken
        this.#next()
      },
    }
  }

  #next(): void {
    for (let first = this.#line[0]; first !== undefined && first.count <= this.#left; first = this.#line[0]) {
      this.#line.shift()
      this.#left -= first.count
      first.go()
    }
  }
}
