import { rpcFault } from './faults.ts'

/** Checks a value from the other side and answers it with its type. `at` names the field. Faults: BadMessage. */
export type Shape<Value> = (value: unknown, at: string) => Value

/** The type a shape answers. */
export type ShapeOf<S> = S extends Shape<infer Value> ? Value : never

type Fields = Readonly<Record<string, Shape<unknown>>>
type Optional<F extends Fields> = { [Name in keyof F]: undefined extends ShapeOf<F[Name]> ? Name : never }[keyof F]
type ObjectOf<F extends Fields> = { readonly [Name in Exclude<keyof F, Optional<F>>]: ShapeOf<F[Name]> } & {
  readonly [Name in Optional<F>]?: ShapeOf<F[Name]>
}

/** An object with these fields. Fields it does not know are left out, so that a newer side may say more. */
export function shape<const F extends Fields>(fields: F): Shape<ObjectOf<F>> {
  const rows = Object.entries(fields)
  return (value, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(at, 'an object')
    const source = new Map(Object.entries(value))
    const result: Record<string, unknown> = {}
    for (const [name, check] of rows) {
      const checked = check(source.get(name), at === '' ? name : `${at}.${name}`)
      if (checked !== undefined) result[name] = checked
    }
    return result as ObjectOf<F>
  }
}

/** Text of at most `max` characters. */
export function text(max: number): Shape<string> {
  return (value, at) => {
    if (typeof value !== 'string') throw wrong(at, 'text')
    if (value.length > max) throw wrong(at, `text of at most ${max} characters`)
    return value
  }
}

/** One of these words. */
export function word<const Word extends string>(...words: readonly Word[]): Shape<Word> {
  return (value, at) => {
    const found = words.find(known => known === value)
    if (found === undefined) throw wrong(at, `one of ${words.join(', ')}`)
    return found
  }
}

/** This value and no other. */
export function exactly<const Value extends string | number>(wanted: Value): Shape<Value> {
  return (value, at) => {
    if (value !== wanted) throw wrong(at, String(wanted))
    return wanted
  }
}

/** An integer of 0 to 2^53 - 1, or within the bounds given. */
export function integer(min = 0, max = Number.MAX_SAFE_INTEGER): Shape<number> {
  return (value, at) => {
    if (!Number.isSafeInteger(value)) throw wrong(at, 'an integer')
    const number = Number(value)
    if (number < min || number > max) throw wrong(at, `an integer of ${min} to ${max}`)
    return number
  }
}

/** A signed 64-bit integer; what times in nanoseconds need, as `keptTime` answers them. */
export const long: Shape<bigint> = (value, at) => {
  if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value) throw wrong(at, 'a 64-bit integer')
  return value
}

/** True or false. */
export const flag: Shape<boolean> = (value, at) => {
  if (typeof value !== 'boolean') throw wrong(at, 'true or false')
  return value
}

/** At most `max` values of one shape. */
export function list<Value>(of: Shape<Value>, max: number): Shape<readonly Value[]> {
  return (value, at) => {
    if (!Array.isArray(value)) throw wrong(at, 'a list')
    if (value.length > max) throw wrong(at, `a list of at most ${max}`)
    return value.map((item, index) => of(item, `${at}[${index}]`))
  }
}

/** A value that may be left out. */
export function optional<Value>(of: Shape<Value>): Shape<Value | undefined> {
  return (value, at) => (value === undefined || value === null ? undefined : of(value, at))
}

/** Nothing to say. */
export const nothing: Shape<undefined> = () => undefined

function wrong(at: string, wanted: string): Error {
  return rpcFault('BadMessage', `${at === '' ? 'the message' : at} must be ${wanted}`)
}
