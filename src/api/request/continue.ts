import type { Revision } from '#keyspace'
import { isJsonObject, type Json, numberAt, textAt } from '#schema'
import { apiFault } from '../faults.ts'
import { PARAMETER_CHARS_MAX } from '../limits.ts'
import type { ObjectPlace } from '../store/object-store.ts'

/** Where a list goes on: behind the object it came to, as of its revision, or as of now when that is undefined. */
export interface Continue {
  readonly revision: Revision | undefined
  readonly after: ObjectPlace
  /** How many there are behind it, when that is known. */
  readonly remaining?: number | undefined
}

/** The token a client goes on with. It needs no signature: the namespace and the rights are those of the request. */
export function continueText({ revision, after: { namespace, name }, remaining }: Continue): string {
  const token = { v: 1, revision: revision ?? NOW, namespace, name, remaining }
  return Buffer.from(JSON.stringify(token)).toString('base64url')
}

/** Reads a token of {@link continueText}; undefined for none. Faults: BadRequest. */
export function continueOf(query: URLSearchParams): Continue | undefined {
  const text = query.get('continue') ?? ''
  if (text === '') return undefined
  const token = text.length > PARAMETER_CHARS_MAX ? undefined : parsed(Buffer.from(text, 'base64url').toString('utf8'))
  const [revision, name] = [numberAt(token, 'revision'), textAt(token, 'name')]
  const isKnown = isJsonObject(token) && token['v'] === 1 && name !== undefined && Number.isSafeInteger(revision)
  if (!isKnown || revision === undefined || revision < 0) {
    throw apiFault('BadRequest', 'continue key is not valid: it is not one that this server made')
  }
  const after = { namespace: textAt(token, 'namespace'), name }
  return {
    revision: revision === NOW ? undefined : (revision as Revision),
    after,
    remaining: numberAt(token, 'remaining'),
  }
}

const NOW = 0

function parsed(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) ? value : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
