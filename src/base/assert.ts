/** Stops the operation when our own reasoning is wrong; on in production. Never for input of people or peers. */
export function assert(condition: unknown, message = 'assertion failed'): asserts condition {
  if (!condition) throw new AssertionFault(message)
}

/** A broken promise of our own code: a bug, never the fault of input. */
export class AssertionFault extends Error {
  override readonly name = 'AssertionFault'
}

/** Marks a branch the types say cannot be reached. */
export function unreachable(value: never): never {
  throw new AssertionFault(`unreachable: ${String(value)}`)
}
