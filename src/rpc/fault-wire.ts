import { Fault } from '#base'
import { rpcFault } from './faults.ts'
import { FAULT_CHARACTERS_MAX } from './limits.ts'
import { integer, optional, shape, text, word } from './shape.ts'

/** A fault as it travels. The cause stays at home. */
export interface FaultHead {
  readonly code: string
  readonly message: string
  readonly hint?: string | undefined
  readonly retry: 'never' | 'later' | 'reread'
  readonly status: number
}

/** What is told of an error: all of a fault; of anything else that it was a bug here. */
export function faultHead(error: unknown): FaultHead {
  const fault = error instanceof Fault ? error : internal(error)
  return {
    code: fault.code,
    message: fault.message.slice(0, FAULT_CHARACTERS_MAX),
    hint: fault.hint?.slice(0, FAULT_CHARACTERS_MAX),
    retry: fault.retry,
    status: fault.status,
  }
}

/** The fault a peer told. Faults: BadMessage when it is none. */
export function faultOf(head: unknown): Fault {
  const { code, message, hint, retry, status } = checkFault(head, 'fault')
  return new Fault(code, { retry, status }, message, { hint })
}

function internal(error: unknown): Fault {
  const message = error instanceof Error ? error.message : String(error)
  return rpcFault('Internal', message, { cause: error })
}

const checkFault = shape({
  code: text(100),
  message: text(FAULT_CHARACTERS_MAX),
  hint: optional(text(FAULT_CHARACTERS_MAX)),
  retry: word('never', 'later', 'reread'),
  status: integer(0, 999),
})
