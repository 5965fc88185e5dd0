import type { Environment } from '@marcbachmann/cel-js'
import { isNode } from './meter.ts'
import { entriesOf, optionalOf, valueOfOptional } from './values.ts'

/**
 * Adds the macros of two variables (github.com/google/cel-go/ext TwoVarComprehensions), index and item of a list or key and
 * value of a map, as in `self.ports.all(index, port, port > index)`, and those that map what an optional holds.
 */
export function registerMacros(env: Environment): void {
  for (const [signature, what] of Object.entries(MACROS)) {
    // The library hands a macro its call, and takes what checks and evaluates it. Parts are named as `eachNode` looks for them.
    const expand = ({ args, receiver }: Call): Macro => ({
      what,
      names: args.slice(0, what.variables).map(nameOf),
      val: receiver,
      exp: args.slice(what.variables),
      contexts: [],
      typeCheck,
      evaluate,
      async: false,
    })
    env.registerFunction(signature, expand)
  }
}

interface Call {
  readonly args: readonly unknown[]
  readonly receiver: unknown
}

interface Macro {
  readonly what: Kind
  readonly names: readonly string[]
  /** What is gone through. */
  readonly val: unknown
  /** What is evaluated for each. */
  readonly exp: readonly unknown[]
  /** One for each variable, within each other. */
  readonly contexts: Context[]
  readonly typeCheck: typeof typeCheck
  readonly evaluate: typeof evaluate
  readonly async: false
}

/** A macro: how many variables it has, its type by the types of what it goes through and of its last expression, its value. */
interface Kind {
  readonly variables: 1 | 2
  readonly type: (checker: Checker, from: Type, made: Type) => Type
  readonly value: (from: unknown, run: Run) => unknown
}

/** Evaluates one of a macro's expressions with values for its variables. */
type Run = (expression: number, values: readonly unknown[]) => unknown

// What of @marcbachmann/cel-js is used here, which it does not describe.
interface Type {
  readonly kind: string
  readonly name: string
  readonly valueType: Type
  readonly keyType: Type
}

interface Context {
  forkWithVariable(name: string, type: Type): Context
  reuse(parent: Context): Context
  setIterValue(value: unknown, evaluator: Evaluator): Context
}

interface Checker {
  readonly registry: {
    getListType(items: Type): Type
    getMapType(keys: Type, values: Type): Type
    getOptionalType(value: Type): Type
  }
  check(node: unknown, context: Context): Type
  getType(name: string): Type
}

interface Evaluator {
  run(node: unknown, context: Context): unknown
}

function typeCheck(checker: Checker, macro: Macro, context: Context): Type {
  const { what, names, val, exp, contexts } = macro
  const from = checker.check(val, context)
  const types = variableTypes(checker, from, what.variables)
  if (types === undefined) throw new Error(`Expression of type '${from.name}' cannot be gone through`)
  let inner = context
  contexts.length = 0
  for (const [index, name] of names.entries()) {
    inner = inner.forkWithVariable(name, types[index] ?? checker.getType('dyn'))
    contexts.push(inner)
  }
  const made = exp.map(node => checker.check(node, inner))
  const [filter] = made.slice(0, -1)
  if (filter !== undefined && !['bool', 'dyn'].includes(filter.name)) {
    throw new Error(`filter must be bool, got '${filter.name}'`)
  }
  return what.type(checker, from, made.at(-1) ?? checker.getType('dyn'))
}

function variableTypes(checker: Checker, from: Type, variables: 1 | 2): readonly Type[] | undefined {
  if (from.kind === 'dyn') return [from, from]
  if (variables === 1) return from.kind === 'optional' ? [from.valueType] : undefined
  if (from.kind === 'list') return [checker.getType('int'), from.valueType]
  return from.kind === 'map' ? [from.keyType, from.valueType] : undefined
}

function evaluate(evaluator: Evaluator, { what, val, exp, contexts }: Macro, context: Context): unknown {
  return what.value(evaluator.run(val, context), (expression, values) => {
    const inner = contexts.reduce(
      (outer, each, index) => each.reuse(outer).setIterValue(values[index], evaluator),
      context,
    )
    return evaluator.run(exp[expression], inner)
  })
}

const MACROS: Readonly<Record<string, Kind>> = {
  'list.all(ast, ast, ast): bool': { variables: 2, type: boolType, value: (from, run) => !decides(from, run, false) },
  'list.exists(ast, ast, ast): bool': { variables: 2, type: boolType, value: (from, run) => decides(from, run, true) },
  'list.existsOne(ast, ast, ast): bool': {
    variables: 2,
    type: boolType,
    value: (from, run) => entriesOf(from).filter(entry => isTrue(run(0, entry))).length === 1,
  },
  'list.transformList(ast, ast, ast): list<dyn>': {
    variables: 2,
    type: listType,
    value: (from, run) => entriesOf(from).map(entry => run(0, entry)),
  },
  'list.transformList(ast, ast, ast, ast): list<dyn>': {
    variables: 2,
    type: listType,
    value: (from, run) => wanted(from, run).map(entry => run(1, entry)),
  },
  'list.transformMap(ast, ast, ast): map<dyn, dyn>': {
    variables: 2,
    type: mapType,
    value: (from, run) => new Map(entriesOf(from).map(entry => [entry[0], run(0, entry)])),
  },
  'list.transformMap(ast, ast, ast, ast): map<dyn, dyn>': {
    variables: 2,
    type: mapType,
    value: (from, run) => new Map(wanted(from, run).map(entry => [entry[0], run(1, entry)])),
  },
  'list.transformMapEntry(ast, ast, ast): map<dyn, dyn>': {
    variables: 2,
    type: (_checker, _from, made) => made,
    value: (from, run) => merged(entriesOf(from).map(entry => run(0, entry))),
  },
  'list.transformMapEntry(ast, ast, ast, ast): map<dyn, dyn>': {
    variables: 2,
    type: (_checker, _from, made) => made,
    value: (from, run) => merged(wanted(from, run).map(entry => run(1, entry))),
  },
  'optional.optMap(ast, ast): optional<dyn>': {
    variables: 1,
    type: (checker, _from, made) => checker.registry.getOptionalType(made),
    value: (from, run) => {
      const value = valueOfOptional(from)
      return value === undefined ? from : optionalOf(run(0, [value]))
    },
  },
  'optional.optFlatMap(ast, ast): optional<dyn>': {
    variables: 1,
    type: (_checker, _from, made) => made,
    value: (from, run) => {
      const value = valueOfOptional(from)
      return value === undefined ? from : run(0, [value])
    },
  },
}

function boolType(checker: Checker): Type {
  return checker.getType('bool')
}

function listType({ registry }: Checker, _from: Type, made: Type): Type {
  return registry.getListType(made)
}

function mapType(checker: Checker, from: Type, made: Type): Type {
  const keys = from.kind === 'map' ? from.keyType : checker.getType(from.kind === 'list' ? 'int' : 'dyn')
  return checker.registry.getMapType(keys, made)
}

// Whether one of the entries has the answer that decides; an error counts only when none has.
function decides(from: unknown, run: Run, deciding: boolean): boolean {
  let failure: Error | undefined
  for (const entry of entriesOf(from)) {
    try {
      if (isTrue(run(0, entry)) === deciding) return true
    } catch (error) {
      failure ??= error instanceof Error ? error : new Error('a predicate failed', { cause: error })
    }
  }
  if (failure !== undefined) throw failure
  return false
}

function wanted(from: unknown, run: Run) {
  return entriesOf(from).filter(entry => isTrue(run(0, entry)))
}

function merged(maps: readonly unknown[]): ReadonlyMap<unknown, unknown> {
  const all = new Map<unknown, unknown>()
  for (const [key, value] of maps.flatMap(each => entriesOf(each))) {
    if (all.has(key)) throw new Error(`insert failed: key '${String(key)}' already exists`)
    all.set(key, value)
  }
  return all
}

function isTrue(value: unknown): boolean {
  if (typeof value !== 'boolean') throw new Error('no such overload: predicate must return bool')
  return value
}

function nameOf(node: unknown): string {
  const args = typeof node === 'object' && node !== null && isNode(node) && node.op === 'id' ? node.args : undefined
  if (typeof args !== 'string') throw new Error('argument must be a simple name')
  return args
}
