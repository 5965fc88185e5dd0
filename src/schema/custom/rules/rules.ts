import type { Environment } from '@marcbachmann/cel-js'
import { runSteps } from '#base'
import { type FieldError, invalid, notSupported, required } from '../../field-error.ts'
import { type JsonObject, textAt } from '../../json.ts'
import { RULE_CHARS_MAX, RULES_MAX } from '../../limits.ts'
import { fieldsOfPath } from '../json-path.ts'
import type { SchemaNode } from '../node.ts'
import { compilePattern } from '../patterns/pattern.ts'
import { ruleEnvironment } from './functions.ts'
import { widenHas } from './has.ts'
import { eachNode, Meter, metered } from './meter.ts'
import { MATCHES } from './strings.ts'
import { RuleTypes } from './types.ts'

/** The rules of one schema (x-kubernetes-validations), compiled. */
export interface CompiledRules {
  readonly types: RuleTypes
  readonly meter: Meter
  /** By the place they are at. */
  readonly rules: ReadonlyMap<SchemaNode, readonly CompiledRule[]>
}

/** One rule. */
export interface CompiledRule {
  readonly text: string
  readonly message: string | undefined
  readonly reason: string
  /** Names on the way to the field that is to blame, from the rule's own place. */
  readonly fieldPath: readonly string[]
  readonly usesOld: boolean
  readonly isOldOptional: boolean
  readonly holds: Evaluate
  readonly messageOf: Evaluate | undefined
}

/** Evaluates an expression with `self` and `oldSelf`. Throws what CEL does. */
export type Evaluate = (variables: Readonly<Record<string, unknown>>) => unknown

/** Compiles the rules of a schema; `errors` says which cannot be, and why. */
export function compileRules(schema: SchemaNode, path: string): RulesResult {
  return runSteps(compilingRules(schema, path))
}

interface RulesResult {
  readonly compiled: CompiledRules
  readonly errors: readonly FieldError[]
}

/** As {@link compileRules}, with a stop between the places that have some. */
export function* compilingRules(schema: SchemaNode, path: string): Generator<void, RulesResult> {
  const environment = ruleEnvironment()
  yield
  const named = new Set<string>()
  const ruled: (readonly [SchemaNode, Place])[] = []
  eachRule(schema, { path, isCorrelatable: true }, (node, place) => {
    ruled.push([node, place])
    for (const rule of node.rules) for (const [name] of wordsOf(rule)) named.add(name)
  })
  yield
  const types = new RuleTypes(environment, named)
  const compiling: Compiling = {
    types,
    environment,
    meter: new Meter(),
    errors: [],
    rules: new Map(),
    count: 0,
  }
  // The innermost come first: the type of a place is made of those within it.
  for (const [node, place] of ruled.toReversed()) {
    types.nameOf(node, nameOfPlace(place.path, path))
    yield
  }
  for (const [node, place] of ruled) {
    compilePlace(compiling, node, place, types.nameOf(node, nameOfPlace(place.path, path)))
    yield
  }
  const { meter, rules, errors } = compiling
  return { compiled: { types, meter, rules }, errors }
}

interface Compiling {
  readonly types: RuleTypes
  readonly environment: Environment
  readonly meter: Meter
  readonly errors: FieldError[]
  readonly rules: Map<SchemaNode, readonly CompiledRule[]>
  count: number
}

interface Place {
  readonly path: string
  /** False where the old value cannot be told. */
  readonly isCorrelatable: boolean
}

function eachRule(node: SchemaNode, place: Place, visit: (node: SchemaNode, place: Place) => void): void {
  if (!node.has.rules) return
  const { path, isCorrelatable } = place
  if (node.rules.length > 0) visit(node, place)
  for (const [name, inner] of node.properties) {
    eachRule(inner, { path: `${path}.properties[${name}]`, isCorrelatable }, visit)
  }
  const { items, additional } = node
  if (items !== undefined) {
    eachRule(items, { path: `${path}.items`, isCorrelatable: isCorrelatable && node.list.type === 'map' }, visit)
  }
  if (typeof additional === 'object')
    eachRule(additional, { path: `${path}.additionalProperties`, isCorrelatable }, visit)
}

function wordsOf(rule: JsonObject): readonly RegExpExecArray[] {
  const text = `${textAt(rule, 'rule') ?? ''} ${textAt(rule, 'messageExpression') ?? ''}`.slice(0, 2 * RULE_CHARS_MAX)
  return [...text.matchAll(/[A-Za-z_][A-Za-z0-9_]*/g)]
}

function nameOfPlace(path: string, root: string): string {
  const inside = path.slice(root.length).replace(/\.properties\[([^\]]*)\]/g, '.$1')
  return `object${inside
    .replaceAll('.items', '.item')
    .replaceAll('.additionalProperties', '.value')
    .replace(/[^A-Za-z0-9_.]/g, '_')}`
}

function compilePlace(compiling: Compiling, node: SchemaNode, place: Place, type: string): void {
  const strict = environmentOf(compiling.environment, type, type)
  let optional: Environment | undefined
  const made: CompiledRule[] = []
  for (const [index, rule] of node.rules.entries()) {
    const field = `${place.path}.x-kubernetes-validations[${index}]`
    compiling.count += 1
    if (compiling.count > RULES_MAX) {
      compiling.errors.push(invalid(field, '', `more than ${RULES_MAX} rules are not read`))
      return
    }
    if (rule['optionalOldSelf'] === true) optional ??= environmentOf(compiling.environment, type, `optional<${type}>`)
    const environment = rule['optionalOldSelf'] === true && optional !== undefined ? optional : strict
    const compiled = compileRule(compiling, rule, { field, place, node, environment })
    if (compiled !== undefined) made.push(compiled)
  }
  compiling.rules.set(node, made)
}

function environmentOf(base: Environment, type: string, oldType: string): Environment {
  return base.clone().registerVariable('self', type).registerVariable('oldSelf', oldType)
}

interface RuleAt {
  readonly field: string
  readonly place: Place
  readonly node: SchemaNode
  readonly environment: Environment
}

function compileRule(compiling: Compiling, rule: JsonObject, at: RuleAt): CompiledRule | undefined {
  const { errors } = compiling
  const before = errors.length
  const { field } = at
  const text = (textAt(rule, 'rule') ?? '').trim()
  errors.push(...wordErrors(rule, text, field))
  const fieldPath = pathOf(rule)
  if (fieldPath === undefined || !leads(at.node, fieldPath)) {
    errors.push(invalid(`${field}.fieldPath`, rule['fieldPath'], 'fieldPath must be a valid path'))
  }
  const holds =
    text === '' ? undefined : compileExpression(compiling, at, { field: `${field}.rule`, text, type: 'bool' })
  const expression = textAt(rule, 'messageExpression') ?? ''
  const messageOf =
    expression === ''
      ? undefined
      : compileExpression(compiling, at, { field: `${field}.messageExpression`, text: expression, type: 'string' })
  if (holds?.usesOld === true && !at.place.isCorrelatable) {
    errors.push(invalid(`${field}.rule`, text, 'oldSelf cannot be used on the uncorrelatable portion of the schema'))
  }
  if (errors.length > before || holds === undefined || fieldPath === undefined) return undefined
  return {
    text,
    message: textAt(rule, 'message'),
    reason: textAt(rule, 'reason') ?? 'FieldValueInvalid',
    fieldPath,
    usesOld: holds.usesOld,
    isOldOptional: rule['optionalOldSelf'] === true,
    holds: holds.run,
    messageOf: messageOf?.run,
  }
}

function wordErrors(rule: JsonObject, text: string, field: string): readonly FieldError[] {
  const errors: FieldError[] = []
  const message = textAt(rule, 'message')
  const reason = textAt(rule, 'reason')
  if (text === '') errors.push(required(`${field}.rule`, 'rule is not specified'))
  if (message?.includes('\n') === true) {
    errors.push(invalid(`${field}.message`, message, 'message must not contain line breaks'))
  }
  if (message === undefined && text.includes('\n')) {
    errors.push(required(`${field}.message`, 'message must be specified if rule contains line breaks'))
  }
  if (reason !== undefined && !REASONS.includes(reason)) errors.push(notSupported(`${field}.reason`, reason, REASONS))
  return errors
}

interface Expression {
  readonly field: string
  readonly text: string
  readonly type: 'bool' | 'string'
}

function compileExpression(
  { errors, meter }: Compiling,
  { environment }: RuleAt,
  { field, text, type }: Expression,
): { readonly run: Evaluate; readonly usesOld: boolean } | undefined {
  const refuse = (why: string) => {
    errors.push(invalid(field, text, `compilation failed: ${why}`))
    return undefined
  }
  if (text.length > RULE_CHARS_MAX) return refuse(`longer than ${RULE_CHARS_MAX} characters`)
  try {
    const parsed = environment.parse(text)
    const found = prepare(parsed.ast)
    if (found.problem !== undefined) return refuse(found.problem)
    const checked = parsed.check()
    if (!checked.valid) return refuse(firstLine(checked.error))
    if (checked.type !== type && checked.type?.startsWith('dyn') !== true)
      return refuse(`must evaluate to ${type}, not ${checked.type}`)
    metered(parsed.ast, meter)
    return { run: variables => parsed(variables), usesOld: found.usesOld }
  } catch (error) {
    return refuse(firstLine(error))
  }
}

// Makes calls of `matches` safe and `has` as wide as upstream's, and looks whether the old value is used.
function prepare(root: unknown): { readonly usesOld: boolean; readonly problem: string | undefined } {
  let usesOld = false
  let problem: string | undefined
  eachNode(root, ({ op, args, meta }) => {
    if (op === 'id' && args === 'oldSelf') usesOld = true
    if (op === 'call' && Array.isArray(args) && args[0] === 'has') widenHas(meta['macro'], args[1])
    if (op !== 'rcall' || !Array.isArray(args) || !PATTERN_CALLS.includes(String(args[0]))) return
    if (args[0] === 'matches') args[0] = MATCHES
    const [pattern]: unknown[] = Array.isArray(args[2]) ? args[2] : []
    const text: unknown = typeof pattern === 'object' && pattern !== null ? Reflect.get(pattern, 'args') : undefined
    const made = typeof text === 'string' ? compilePattern(text) : undefined
    if (made?.kind === 'refused') problem = made.why
  })
  return { usesOld, problem }
}

/** What CEL says is wrong, without its picture of the place. */
export function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.split('\n', 1)[0] ?? ''
}

function pathOf(rule: JsonObject): readonly string[] | undefined {
  const text = textAt(rule, 'fieldPath')
  if (text === undefined || text === '') return []
  const plain = text.replace(/\['([^']*)'\]/g, (_all, name: string) => `.${name.replaceAll('.', '\\.')}`)
  return fieldsOfPath(plain.startsWith('.') ? plain : `.${plain}`)
}

function leads(node: SchemaNode, path: readonly string[]): boolean {
  let at: SchemaNode | true | undefined = node
  for (const name of path) {
    if (at === true || at === undefined) return at === true
    at = at.properties.get(name) ?? at.additional
  }
  return at !== undefined
}

const PATTERN_CALLS = ['matches', 'find', 'findAll']
const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired']
