/** An exact number with a unit, as Kubernetes' resource.Quantity: whole billionths. */
export class Quantity {
  readonly nanos: bigint

  constructor(nanos: bigint) {
    this.nanos = nanos
  }

  /** A whole number. */
  static of(whole: bigint): Quantity {
    return new Quantity(whole * NANOS)
  }

  get isInteger(): boolean {
    return this.nanos % NANOS === 0n
  }

  /** Below 0, 0 or above, as it is less than, the same as, or more than another. */
  compareTo({ nanos }: Quantity): number {
    return this.nanos < nanos ? -1 : this.nanos > nanos ? 1 : 0
  }

  plus({ nanos }: Quantity): Quantity {
    return new Quantity(this.nanos + nanos)
  }

  minus({ nanos }: Quantity): Quantity {
    return new Quantity(this.nanos - nanos)
  }

  /** Throws when it is none. */
  asInteger(): bigint {
    if (!this.isInteger) throw new Error('cannot convert value to integer')
    return this.nanos / NANOS
  }

  asNumber(): number {
    return Number(this.nanos) / Number(NANOS)
  }
}

/** Reads a quantity such as `500m` or `1.5Gi`; undefined for what is none. Finer than a billionth is rounded up. */
export function quantityOf(text: string): Quantity | undefined {
  const match = /^([+-]?)([0-9]{0,30})(?:\.([0-9]{0,30}))?(?:([KMGTPE]i)|([numkMGTPE])|[eE]([+-]?[0-9]{1,2}))?$/.exec(
    text,
  )
  const [, sign, whole = '', part = '', binary, decimal, exponent] = match ?? []
  if (match === null || whole + part === '') return undefined
  const digits = BigInt(whole + part)
  const power = 9 - part.length + (decimal === undefined ? Number(exponent ?? 0) : (DECIMAL[decimal] ?? 0))
  const scaled = digits * (binary === undefined ? 1n : 1024n ** BigInt('KMGTPE'.indexOf(binary.charAt(0)) + 1))
  const nanos = power >= 0 ? scaled * 10n ** BigInt(power) : dividedUp(scaled, 10n ** BigInt(-power))
  return new Quantity(sign === '-' ? -nanos : nanos)
}

function dividedUp(value: bigint, by: bigint): bigint {
  return (value + by - 1n) / by
}

const NANOS = 1_000_000_000n
const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 }
