/** An amount, exactly: in billionths, the finest that Kubernetes knows. */
export interface Quantity {
  readonly nanos: bigint
  /** How it is written: with powers of 1024, with powers of 1000, or with an exponent. */
  readonly format: 'binary' | 'decimal' | 'exponent'
}

/**
 * Reads an amount such as `500m`, `1.5Gi`, `2e3` or 4 (k8s.io/apimachinery/pkg/api/resource Quantity). What is finer than
 * billionths is rounded away from zero. Undefined when it is none.
 */
export function quantityOf(value: unknown): Quantity | undefined {
  const text = typeof value === 'number' ? String(value) : value
  const match = typeof text === 'string' ? QUANTITY.exec(text) : null
  if (match === null) return undefined
  const [, sign = '', whole = '', fraction = '', suffix = ''] = match
  if (whole === '' && fraction === '') return undefined
  const scale = scaleOf(suffix)
  if (scale === undefined) return undefined
  const digits = BigInt(`${whole}${fraction}`) * scale.binary
  const exponent = scale.decimal - fraction.length + NANO_DIGITS
  const nanos = exponent >= 0 ? digits * 10n ** BigInt(exponent) : dividedUp(digits, 10n ** BigInt(-exponent))
  return { nanos: sign === '-' ? -nanos : nanos, format: scale.format }
}

/** Below, at or above zero as `a` is less than, equal to or more than `b`. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0
}

/** An amount as Kubernetes writes it back: `1000m` is `1`, `1024Mi` is `1Gi`. Undefined when it is none. */
export function canonicalQuantity(value: unknown): string | undefined {
  const quantity = quantityOf(value)
  if (quantity === undefined) return undefined
  const { nanos, format } = quantity
  if (nanos === 0n) return '0'
  const isSmall = nanos < 1024n * NANOS && nanos > -1024n * NANOS
  if (format === 'binary' && !isSmall) return binaryText(nanos)
  return decimalText(nanos, format === 'exponent')
}

function binaryText(nanos: bigint): string {
  let rest = nanos < 0n ? -dividedUp(-nanos, NANOS) : dividedUp(nanos, NANOS)
  let power = 0
  while (rest % 1024n === 0n && power < BINARY.length) {
    rest /= 1024n
    power += 1
  }
  return `${rest}${power === 0 ? '' : `${BINARY[power - 1]}i`}`
}

function decimalText(nanos: bigint, isExponent: boolean): string {
  let rest = nanos
  let power = 0
  while (rest % 1000n === 0n && power < DECIMAL.length - 1) {
    rest /= 1000n
    power += 1
  }
  const exponent = 3 * power - NANO_DIGITS
  if (isExponent) return exponent === 0 ? String(rest) : `${rest}e${exponent}`
  return `${rest}${DECIMAL[power]}`
}

interface Scale {
  readonly binary: bigint
  readonly decimal: number
  readonly format: Quantity['format']
}

function scaleOf(suffix: string): Scale | undefined {
  const exponent = /^[eE]([+-]?[0-9]{1,3})$/.exec(suffix)?.[1]
  if (exponent !== undefined) return { binary: 1n, decimal: Number(exponent), format: 'exponent' }
  const binary = suffix.endsWith('i') ? BINARY.indexOf(suffix.slice(0, -1)) : -1
  if (binary >= 0) return { binary: 1024n ** BigInt(binary + 1), decimal: 0, format: 'binary' }
  const decimal = DECIMAL.indexOf(suffix)
  return decimal < 0 ? undefined : { binary: 1n, decimal: 3 * decimal - NANO_DIGITS, format: 'decimal' }
}

function dividedUp(value: bigint, by: bigint): bigint {
  return (value + by - 1n) / by
}

const NANO_DIGITS = 9
const NANOS = 1_000_000_000n
const BINARY = ['K', 'M', 'G', 'T', 'P', 'E']
const DECIMAL = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E']
const QUANTITY = /^([+-]?)([0-9]{0,40})(?:\.([0-9]{0,40}))?([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$/
