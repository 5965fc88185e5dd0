import { isSameJson, type JsonObject } from '../../json.ts'
import { worked } from '../patterns/work.ts'

/** An object as rules see it: its fields are made when they are looked at. */
export abstract class RuleObject extends Map<string, unknown> {
  readonly raw: JsonObject
  #weight: number | undefined

  constructor(raw: JsonObject) {
    super()
    this.raw = raw
  }

  abstract read(field: string, raw: JsonObject): unknown

  override get(field: string): unknown {
    if (!super.has(field)) super.set(field, this.read(field, this.raw))
    return super.get(field)
  }

  /** About how much there is to compare. */
  get weight(): number {
    this.#weight ??= JSON.stringify(this.raw).length
    return this.#weight
  }
}

/** Whether two objects have the same fields; counted as work. */
export function isSameObject(a: unknown, b: unknown): boolean {
  if (!(a instanceof RuleObject && b instanceof RuleObject)) return false
  if (a.raw === b.raw) return true
  worked(a.weight)
  return isSameJson(a.raw, b.raw)
}
