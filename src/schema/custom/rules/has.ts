import { isNode } from './meter.ts'

/**
 * Lets `has(X.field)` take any expression for X, as CEL has it (`has(self.list[0].name)`): the library takes a chain of names
 * only. `macro` is its own for one call, `args` those of the call.
 */
export function widenHas(macro: unknown, args: unknown): void {
  const [selection]: unknown[] = Array.isArray(args) ? args : []
  if (typeof macro !== 'object' || macro === null || !isSelection(selection)) return
  const [owner, field] = selection.args
  const typeCheck = (checker: Checker, _macro: unknown, context: unknown): unknown => {
    checker.check(selection, context)
    return checker.getType('bool')
  }
  const evaluate = (evaluator: Evaluator, _macro: unknown, context: unknown): boolean => {
    const value = evaluator.run(owner, context)
    return evaluator.debugType(value).fieldLazy(value, field, selection, evaluator) !== undefined
  }
  Object.assign(macro, { typeCheck, evaluate })
}

interface Checker {
  check(node: unknown, context: unknown): unknown
  getType(name: string): unknown
}

interface Evaluator {
  run(node: unknown, context: unknown): unknown
  debugType(value: unknown): {
    fieldLazy(value: unknown, field: unknown, node: unknown, evaluator: Evaluator): unknown
  }
}

function isSelection(value: unknown): value is { readonly op: '.'; readonly args: readonly [unknown, unknown] } {
  return typeof value === 'object' && value !== null && isNode(value) && value.op === '.' && Array.isArray(value.args)
}
