import type { Json } from './json.ts'
import type { ObjectShape, Shape } from './shape.ts'

/** Where a value stands: in which object, and behind which names. */
export interface Standing {
  /** What the object is called, such as `PodSpec`. */
  readonly owner: string
  /** Such as `spec.containers.image`: places in lists and keys of maps are left out. */
  readonly field: string
  /** Such as `spec.containers[0].image`. */
  readonly path: string
}

/**
 * What is wrong with a value of another type, in the words that Kubernetes has from Go (encoding/json UnmarshalTypeError);
 * where Kubernetes names no field, ours is named before.
 */
export function mistypedText(shape: Shape, value: Json, { owner, field, path }: Standing): string {
  const own = ownWords(shape, value)
  if (own !== undefined) return `${path}: ${own}`
  const type = typeText(shape)
  const into = field === '' ? `Go value of type ${type}` : `Go struct field ${owner}.${field} of type ${type}`
  return `json: cannot unmarshal ${kindText(shape, value)} into ${into}`
}

// Types that read themselves.
function ownWords(shape: Shape, value: Json): string | undefined {
  switch (shape.kind) {
    case 'quantity':
      return String.raw`quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`
    case 'time':
    case 'micro-time': {
      if (typeof value !== 'string')
        return `json: cannot unmarshal ${kindText(shape, value)} into Go value of type string`
      const layout = shape.kind === 'time' ? '2006-01-02T15:04:05Z07:00' : '2006-01-02T15:04:05.000000Z07:00'
      return `parsing time ${JSON.stringify(value)} as "${layout}": cannot parse ${JSON.stringify(value)} as "2006"`
    }
    case 'bytes':
      return typeof value === 'string' ? `illegal base64 data at input byte ${firstOdd(value)}` : undefined
    case 'int-or-string':
      return `json: cannot unmarshal ${kindText({ kind: 'integer', bits: 32 }, value)} into Go value of type int32`
    default:
      return undefined
  }
}

// The first byte that is none of base64; the last when there are too few.
function firstOdd(text: string): number {
  const at = text.search(/[^A-Za-z0-9+/]/)
  return at < 0 ? text.length - (text.length % 4) : at
}

function kindText({ kind }: Shape | { readonly kind: 'integer'; readonly bits: 32 }, value: Json): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'boolean') return 'bool'
  // A number that is none of the wanted ones is told; one where none is wanted is not.
  if (typeof value === 'number') return kind === 'integer' ? `number ${value}` : 'number'
  return typeof value
}

function typeText(shape: Shape): string {
  switch (shape.kind) {
    case 'object':
      return goType(shape)
    case 'list':
      return `[]${typeText(shape.items)}`
    case 'map':
      return `map[string]${typeText(shape.values)}`
    case 'integer':
      return `int${shape.bits}`
    default:
      return TYPES[shape.kind]
  }
}

// `V1PodSpec` is `v1.PodSpec`; kinds of our own have a version of their own.
function goType({ id, name }: ObjectShape): string {
  const version = /^V\d+(?:(?:alpha|beta)\d+)?(?=[A-Z])/.exec(id)?.[0]?.toLowerCase() ?? 'v1'
  return `${version}.${name}`
}

const TYPES: Readonly<Record<Exclude<Shape['kind'], 'object' | 'list' | 'map' | 'integer'>, string>> = {
  any: 'interface {}',
  boolean: 'bool',
  bytes: '[]uint8',
  'int-or-string': 'intstr.IntOrString',
  number: 'float64',
  quantity: 'resource.Quantity',
  string: 'string',
  time: 'v1.Time',
  'micro-time': 'v1.MicroTime',
}
