import type { Entropy } from '#base'

/**
 * Milliseconds to wait after the `failures`-th failure in a row (1 = the first): twice as long each time, up to a maximum,
 * less a random part of up to half, so that many do not come back at once.
 */
export function backoffMs(
  failures: number,
  { firstMs, mostMs }: { readonly firstMs: number; readonly mostMs: number },
  entropy: Entropy,
): number {
  const full = Math.min(mostMs, firstMs * 2 ** Math.min(failures - 1, 30))
  const [random = 0] = entropy.bytes(1)
  return full - (full / 2) * (random / 256)
}
