import { Holder } from './holder.ts'
import type { PoolParts } from './parts.ts'

/** The other machines, each made when it is first asked for. */
export class Holders {
  readonly #parts: Pick<PoolParts, 'id' | 'machines' | 'signal'>
  readonly #holders = new Map<string, Holder>()

  constructor(parts: Pick<PoolParts, 'id' | 'machines' | 'signal'>) {
    this.#parts = parts
  }

  get(name: string): Holder {
    const known = this.#holders.get(name)
    if (known !== undefined) return known
    const holder = new Holder(name, this.#parts)
    this.#holders.set(name, holder)
    return holder
  }
}
