import { isJsonObject, type Json } from '../json.ts'
import { JSON_PATH_CHARS_MAX } from '../limits.ts'

/** What a JSONPath finds in a value, in order. */
export type JsonPath = (value: Json) => readonly Json[]

/** Why a JSONPath is not read. */
export interface JsonPathRefused {
  readonly kind: 'refused'
  readonly why: string
}

/**
 * Reads a JSONPath as kubectl has it (kubernetes.io/docs/reference/kubectl/jsonpath): fields, indexes, slices, `*` and
 * filters that compare one path with one value.
 */
export function readJsonPath(text: string): { readonly kind: 'path'; readonly find: JsonPath } | JsonPathRefused {
  if (text.length > JSON_PATH_CHARS_MAX)
    return { kind: 'refused', why: `longer than ${JSON_PATH_CHARS_MAX} characters` }
  const steps: Step[] = []
  let rest = text.startsWith('$') ? text.slice(1) : text
  while (rest !== '') {
    const made = readStep(rest)
    if (made === undefined) return { kind: 'refused', why: `cannot be read from ${JSON.stringify(rest)}` }
    steps.push(made.step)
    rest = rest.slice(made.length)
  }
  return { kind: 'path', find: value => steps.reduce<readonly Json[]>((found, step) => found.flatMap(step), [value]) }
}

/** The names of a JSONPath of fields only, such as `.spec.replicas`; undefined for any other. */
export function fieldsOfPath(text: string): readonly string[] | undefined {
  if (text.length > JSON_PATH_CHARS_MAX || !/^(?:\.(?:\\.|[^.[\]\\])+)+$/.test(text)) return undefined
  return Array.from(text.matchAll(/\.((?:\\.|[^.[\]\\])+)/g), match => unescaped(match[1] ?? ''))
}

type Step = (value: Json) => readonly Json[]

function readStep(text: string): { readonly step: Step; readonly length: number } | undefined {
  const wild = /^(?:\.\*|\[\*\])/.exec(text)
  if (wild !== null) return { step: allOf, length: wild[0].length }
  const field = /^\.((?:\\.|[^.[\]\\\s])+)/.exec(text) ?? /^\[\s*['"]((?:\\.|[^'"\\])*)['"]\s*\]/.exec(text)
  if (field !== null) return { step: fieldStep(unescaped(field[1] ?? '')), length: field[0].length }
  const index = /^\[\s*(-?[0-9]{1,9})\s*\]/.exec(text)
  if (index !== null) return { step: value => present(listOf(value).at(Number(index[1]))), length: index[0].length }
  const slice = /^\[\s*(-?[0-9]{0,9})\s*:\s*(-?[0-9]{0,9})\s*\]/.exec(text)
  if (slice !== null) return { step: sliceStep(slice[1] ?? '', slice[2] ?? ''), length: slice[0].length }
  return readFilter(text)
}

function fieldStep(name: string): Step {
  return value => (isJsonObject(value) && Object.hasOwn(value, name) ? present(value[name]) : [])
}

function sliceStep(from: string, to: string): Step {
  return value => listOf(value).slice(from === '' ? 0 : Number(from), to === '' ? undefined : Number(to))
}

// `[?(@.type=="Ready")]`, or `[?(@.type)]` for what has it.
function readFilter(text: string): { readonly step: Step; readonly length: number } | undefined {
  const match = FILTER.exec(text)
  if (match === null) return undefined
  const [all, path = '', operator, quoted, doubled, plain] = match
  const made = readJsonPath(path)
  if (made.kind === 'refused') return undefined
  const wanted = operator === undefined ? undefined : (quoted ?? doubled ?? literal(plain ?? ''))
  if (operator !== undefined && wanted === undefined) return undefined
  const holds = (item: Json) => {
    const found = made.find(item)
    return wanted === undefined ? found.length > 0 : found.some(each => compares(operator ?? '', each, wanted))
  }
  return { step: value => listOf(value).filter(holds), length: all.length }
}

const FILTER =
  /^\[\?\(\s*@((?:\.(?:\\.|[^.[\]\\\s=!<>)])+)*)\s*(?:(==|!=|<=|>=|<|>)\s*(?:'([^']*)'|"([^"]*)"|([^\s)'"]+))\s*)?\)\]/

function literal(text: string): Json | undefined {
  if (text === 'true' || text === 'false') return text === 'true'
  return /^-?[0-9]+(?:\.[0-9]+)?$/.test(text) ? Number(text) : undefined
}

function compares(operator: string, found: Json, wanted: Json): boolean {
  if (operator === '==') return found === wanted
  if (operator === '!=') return found !== wanted
  if (typeof found !== typeof wanted || found === null || wanted === null) return false
  if (operator === '<') return found < wanted
  if (operator === '>') return found > wanted
  return operator === '<=' ? found <= wanted : found >= wanted
}

function allOf(value: Json): readonly Json[] {
  return isJsonObject(value) ? Object.values(value).flatMap(present) : listOf(value)
}

function listOf(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : []
}

function present(value: Json | undefined): readonly Json[] {
  return value === undefined ? [] : [value]
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, '$1')
}
