import { type KubeObject, labelValueProblem, qualifiedNameProblem, type Resource } from '#schema'
import { apiFault } from '../faults.ts'
import { PARAMETER_CHARS_MAX } from '../limits.ts'

/** Whether an object is one of those asked for. */
export type Matches = (object: KubeObject) => boolean

/** Reads a label selector, such as `app=web,tier in (a,b),!old`. Undefined for none. Faults: BadRequest. */
export function labelSelector(text: string): Matches | undefined {
  if (text === '') return undefined
  refuseLong('labelSelector', text)
  const tests = splitOutsideBrackets(text).map(labelTest)
  return ({ metadata }) => tests.every(test => test(metadata.labels ?? {}))
}

/** Reads a field selector, such as `metadata.name=a,status.phase!=Running`. Undefined for none. Faults: BadRequest. */
export function fieldSelector(text: string, resource: Resource): Matches | undefined {
  if (text === '') return undefined
  refuseLong('fieldSelector', text)
  const tests = text.split(',').map(part => fieldTest(part, resource))
  return object => tests.every(test => test(object))
}

type LabelTest = (labels: Readonly<Record<string, string>>) => boolean

function labelTest(part: string): LabelTest {
  const set = /^([^\s!=<>]+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(part)
  if (set !== null) {
    const [, key = '', operator, list = ''] = set
    const values = new Set(list.split(',').map(value => checkedValue(value.trim())))
    checkKey(key)
    return operator === 'in'
      ? labels => values.has(labels[key] ?? '') && Object.hasOwn(labels, key)
      : labels => !(Object.hasOwn(labels, key) && values.has(labels[key] ?? ''))
  }
  const equal = /^([^\s!=<>]+)\s*(==|=|!=)\s*([^\s!=<>]*)$/.exec(part)
  if (equal !== null) {
    const [, key = '', operator, value = ''] = equal
    checkKey(key)
    checkedValue(value)
    return operator === '!=' ? labels => labels[key] !== value : labels => labels[key] === value
  }
  const order = /^([^\s!=<>]+)\s*([<>])\s*([^\s!=<>]+)$/.exec(part)
  if (order !== null) {
    const [, key = '', operator, value = ''] = order
    checkKey(key)
    const limit = wholeOf(checkedValue(value))
    if (limit === undefined)
      throw apiFault('BadRequest', `labelSelector: value ${JSON.stringify(value)} must be an integer`)
    return labels => {
      const own = wholeOf(labels[key] ?? '')
      return own !== undefined && (operator === '>' ? own > limit : own < limit)
    }
  }
  const exists = /^(!?)\s*([^\s!=<>]+)$/.exec(part)
  if (exists === null) throw apiFault('BadRequest', `unable to parse requirement: ${JSON.stringify(part)}`)
  const [, not, key = ''] = exists
  checkKey(key)
  return labels => Object.hasOwn(labels, key) !== (not === '!')
}

// Labels hold no sign.
function wholeOf(text: string): bigint | undefined {
  return /^\d+$/.test(text) ? BigInt(text) : undefined
}

function fieldTest(part: string, resource: Resource): Matches {
  const match = /^([^=!\s]+)\s*(==|=|!=)(.*)$/.exec(part.trim())
  if (match === null) throw apiFault('BadRequest', `invalid field selector: ${JSON.stringify(part)}`)
  const [, field = '', operator, rest = ''] = match
  const value = rest.trim()
  const read = readerOf(field, resource)
  if (read === undefined) {
    const known = ['metadata.name', 'metadata.namespace', ...Object.keys(resource.selectableFields)].join(', ')
    throw apiFault('BadRequest', `field label not supported: ${field}; supported are ${known}`)
  }
  return operator === '!=' ? object => read(object) !== value : object => read(object) === value
}

function readerOf(field: string, resource: Resource): ((object: KubeObject) => string) | undefined {
  if (field === 'metadata.name') return object => object.metadata.name
  if (field === 'metadata.namespace') return object => object.metadata.namespace ?? ''
  return Object.hasOwn(resource.selectableFields, field) ? resource.selectableFields[field] : undefined
}

// Looks at each character once: whoever asks chooses them.
function splitOutsideBrackets(text: string): string[] {
  const parts: string[] = []
  let from = 0
  let isInside = false
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at]
    if (char === '(' || char === ')') isInside = char === '('
    if (char !== ',' || isInside) continue
    parts.push(text.slice(from, at))
    from = at + 1
  }
  return [...parts, text.slice(from)].map(part => part.trim())
}

function checkKey(key: string): void {
  const problem = qualifiedNameProblem(key)
  if (problem !== undefined) throw apiFault('BadRequest', `labelSelector: key ${JSON.stringify(key)} ${problem}`)
}

function checkedValue(value: string): string {
  const problem = labelValueProblem(value)
  if (problem === undefined) return value
  throw apiFault('BadRequest', `labelSelector: value ${JSON.stringify(value)} ${problem}`)
}

function refuseLong(name: string, text: string): void {
  if (text.length > PARAMETER_CHARS_MAX) throw apiFault('BadRequest', `${name} is longer than ${PARAMETER_CHARS_MAX}`)
}
