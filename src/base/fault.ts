/** What a caller may do after a fault: nothing, the same call again later, or read anew and decide. */
export type Retry = 'never' | 'later' | 'reread'

/** One row of a room's table of faults: the HTTP status it maps to and what a caller may do. */
export interface FaultRule {
  readonly status: number
  readonly retry: Retry
}

/**
 * The only error that crosses rooms. Callers branch on `code`; people read `message` and `hint`.
 * `hint` says what to do next, as an imperative sentence.
 */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly code: string
  readonly status: number
  readonly retry: Retry
  readonly hint: string | undefined

  constructor(code: string, rule: FaultRule, message: string, more: FaultMore = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.code = code
    this.status = rule.status
    this.retry = rule.retry
    this.hint = more.hint
  }
}

/** What a fault may carry beside its message. */
export interface FaultMore {
  readonly hint?: string | undefined
  readonly cause?: unknown
}

/** Makes the constructor of a room's faults from its table, so that a code and its rule are written once. */
export function defineFaults<const Code extends string>(table: Readonly<Record<Code, FaultRule>>) {
  return (code: Code, message: string, more: FaultMore = {}): Fault => new Fault(code, table[code], message, more)
}

/** True for a fault with this code; the way callers branch. */
export function isFault(error: unknown, code?: string): error is Fault {
  return error instanceof Fault && (code === undefined || error.code === code)
}

/** True for a system error of Node with this `code`, such as `ENOENT`. */
export function isSystemError(error: unknown, code?: string): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'errno' in error && (code === undefined || error.code === code)
}

/** What happened in one line for a log: the message, and what caused it as far as it says more. */
export function whyOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const said = error.name === 'Fault' || error.name === 'Error' ? error.message : `${error.name}: ${error.message}`
  return error.cause === undefined ? said : `${said}: ${whyOf(error.cause)}`
}
