import type { Fault } from '#base'
import type { FieldError } from '#schema'
import { apiFault } from './faults.ts'

/** What an object is refused for: the cause of a fault Invalid, shown as the details of its Status. */
export class Refusal {
  readonly group: string
  readonly kind: string
  readonly name: string
  readonly errors: readonly FieldError[]

  constructor(of: Refused, errors: readonly FieldError[]) {
    this.group = of.group
    this.kind = of.kind
    this.name = of.name
    this.errors = errors
  }
}

/** Throws Invalid when there are errors, in the words kubectl prints. */
export function refuseInvalid(of: Refused, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalidFault(of, errors)
}

/** The fault Invalid for these errors. */
export function invalidFault(of: Refused, errors: readonly FieldError[]): Fault {
  const kind = of.group === '' ? of.kind : `${of.kind}.${of.group}`
  const said = errors.map(({ field, message }) => `${field}: ${message}`)
  const list = said.length === 1 ? said[0] : `[${said.join(', ')}]`
  return apiFault('Invalid', `${kind} "${of.name}" is invalid: ${list}`, { cause: new Refusal(of, errors) })
}

/** Which object is refused. */
export type Refused = Pick<Refusal, 'group' | 'kind' | 'name'>
