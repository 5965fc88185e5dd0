/** Space set aside. Disposing gives back what `spend` has not used. */
export interface SpaceReservation extends Disposable {
  /** Marks bytes as handed to `put`, which accounts for them from then on. */
  spend(bytes: number): void
}

/** What a put took over from a reservation; disposing ends the promise, for the bytes are written then, or were not needed. */
export interface Claim extends Disposable {
  readonly bytes: number
}

/** Space that was promised to puts that are still to come. */
export class Reservations {
  #reserved = 0
  #handed = 0

  /** All that is promised now. */
  get bytes(): number {
    return this.#reserved
  }

  /** Sets space aside; undefined when there is too little. `freeBytes` is what is free and not promised yet. */
  reserve(bytes: number, freeBytes: number): SpaceReservation | undefined {
    const cost = storedCost(bytes)
    if (cost > freeBytes) return undefined
    this.#reserved += cost
    let left = cost
    return {
      spend: spent => {
        const part = Math.min(storedCost(spent), left)
        left -= part
        this.#handed += part
      },
      [Symbol.dispose]: () => {
        this.#reserved -= left
        left = 0
      },
    }
  }

  /** Takes over what was handed to the put of a chunk. */
  claim(bytes: number): Claim {
    const part = Math.min(this.#handed, storedCost(bytes))
    this.#handed -= part
    return {
      bytes: part,
      [Symbol.dispose]: () => {
        this.#reserved -= part
      },
    }
  }
}

/** What a chunk of so many bytes takes at most: headers, checks and padding are 3 % of a 4 KiB chunk, and the smallest record. */
export function storedCost(bytes: number): number {
  return bytes + Math.ceil(bytes / 32) + 256
}
