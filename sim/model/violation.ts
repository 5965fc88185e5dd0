/** Something a filesystem must not do. */
export class Violation extends Error {
  override readonly name = 'Violation'
}

/** Throws a violation when something does not hold. */
export function mustHold(condition: boolean, message: () => string): asserts condition {
  if (!condition) throw new Violation(message())
}
