import { PATTERN_STEPS_PER_RULE_STEP, RULE_WORK_MAX } from '../../limits.ts'
import { workDone } from '../patterns/work.ts'

/** What rules may still cost with one object. */
export class Meter {
  #left = RULE_WORK_MAX
  // Matching, finding and comparing that has been counted.
  #counted = workDone()

  /** Begins anew, with another object. */
  reset(): void {
    this.#left = RULE_WORK_MAX
    this.#counted = workDone()
  }

  /** Counts steps, and what has been matched, found and compared since. Throws RuleTooCostly when that is too much. */
  spend(steps: number): void {
    const done = workDone()
    this.#left -= steps + (done - this.#counted) / PATTERN_STEPS_PER_RULE_STEP
    this.#counted = done
    if (this.#left < 0) throw new RuleTooCostly()
  }
}

/** A rule has cost more than all rules may with one object. */
export class RuleTooCostly extends Error {
  override readonly name = 'RuleTooCostly'
  override readonly message = 'call cost exceeds limit'
}

/** Changes every node of a parsed expression, those within macros among them. Nodes are met once. */
export function eachNode(root: unknown, visit: (node: ExpressionNode) => void): void {
  const seen = new Set<unknown>()
  const open: unknown[] = [root]
  while (open.length > 0) {
    const next = open.pop()
    if (typeof next !== 'object' || next === null || seen.has(next)) continue
    seen.add(next)
    if (isNode(next)) {
      visit(next)
      open.push(next.args, next.meta['alternate'], next.meta['macro'])
    } else if (Array.isArray(next)) open.push(...next)
    else if (!(next instanceof Uint8Array)) open.push(...PARTS.map((part): unknown => Reflect.get(next, part)))
  }
}

/** A node of an expression as @marcbachmann/cel-js has it. */
export interface ExpressionNode {
  readonly op: string
  readonly args: unknown
  readonly meta: Readonly<Record<string, unknown>>
}

/**
 * Makes a checked expression count: a step for each node that is evaluated, and more for large texts and lists, so that no
 * rule can hold up the server, whatever it says.
 */
export function metered(root: unknown, meter: Meter): void {
  eachNode(root, node => {
    const { alternate, macro, evaluate } = node.meta
    const [subject, run] =
      alternate !== undefined
        ? [alternate, evaluatorOf(alternate)]
        : macro === undefined
          ? [node, evaluate]
          : [macro, evaluatorOf(macro)]
    if (typeof run !== 'function') return
    // An alternate's own evaluation is already looked up when it is called, by the node's.
    const counted = (evaluator: unknown, _node: unknown, context: unknown): unknown => {
      meter.spend(1)
      const current = alternate === undefined ? run : evaluatorOf(alternate)
      const value: unknown = Reflect.apply(typeof current === 'function' ? current : run, subject, [
        evaluator,
        subject,
        context,
      ])
      meter.spend(sizeOf(value))
      return value
    }
    Reflect.set(node, 'evaluate', counted)
  })
}

function evaluatorOf(owner: unknown): unknown {
  return typeof owner === 'object' && owner !== null ? Reflect.get(owner, 'evaluate') : undefined
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length >>> TEXT_SHIFT
  return Array.isArray(value) ? value.length >>> LIST_SHIFT : 0
}

/** True for a node of an expression. */
export function isNode(value: object): value is ExpressionNode {
  return 'op' in value && typeof value.op === 'string' && 'args' in value && 'meta' in value
}

// Where macros and comprehensions keep the nodes they evaluate.
const PARTS = ['iterable', 'init', 'step', 'exp', 'val', 'args']
const TEXT_SHIFT = 6
const LIST_SHIFT = 3
