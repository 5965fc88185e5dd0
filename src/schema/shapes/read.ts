import { assert } from '#base'
import { KIND_FIELDS, typeDescription } from '../facts/descriptions.ts'
import { listFacts } from '../facts/lists.ts'
import { isAtomicMap, isAtomicType } from '../facts/maps.ts'
import type { ObjectShape, ScalarKind, Shape, WirePlace } from '../shape.ts'
import kubernetes from './kubernetes.json' with { type: 'json' }

/** The version of Kubernetes whose shapes these are, such as `v1.33.0`. */
export const KUBERNETES_VERSION: string = kubernetes.version

/** The shape of one of Kubernetes' own types, by the name it has in `kubernetes.json`, such as `V1Pod`. */
export function kubernetesShape(name: string): ObjectShape {
  const known = shapes.get(name)
  if (known !== undefined) return known
  const row = rows.get(name)
  assert(row !== undefined, `no shape ${name}`)
  let fields: ReadonlyMap<string, Shape> | undefined
  let places: ReadonlyMap<string, WirePlace> | undefined
  const written = Object.entries(row.fields)
  const made: ObjectShape = {
    kind: 'object',
    id: name,
    name: shortName(name),
    description: typeDescription(shortName(name)),
    descriptions: isKind(row) ? KIND_FIELDS : undefined,
    required: new Set(row.required),
    isAtomic: isAtomicType(shortName(name), name),
    get fields() {
      fields ??= new Map(written.map(([field, text]) => [field, factual(made.name, field, shapeOf(typeIn(text)))]))
      return fields
    },
    get places() {
      places ??= new Map(
        written.flatMap(([field, text]) => {
          const place = placeOf(text)
          return place === undefined ? [] : [[field, place] as const]
        }),
      )
      return places
    },
  }
  shapes.set(name, made)
  return made
}

/** The name that OpenAPI documents have for one of Kubernetes' own shapes, such as `io.k8s.api.core.v1.Pod`. */
export function definitionName(shape: ObjectShape): string | undefined {
  return shapes.get(shape.id) === shape ? `io.k8s.${rows.get(shape.id)?.package}.${shape.name}` : undefined
}

/** The shape of a kind of Kubernetes' own, by the group and version it is sent with; undefined when there is none. */
export function kindShape({ group, version, kind }: KindName): ObjectShape | undefined {
  const home = group === '' ? 'core' : (group.split('.')[0] ?? '')
  const found = Object.keys(kubernetes.shapes).find(
    id => shortName(id) === kind && rows.get(id)?.package === `api.${home}.${version}`,
  )
  return found === undefined ? undefined : kubernetesShape(found)
}

/** What a kind is told from others by. */
export interface KindName {
  readonly group: string
  readonly version: string
  readonly kind: string
}

interface Row {
  readonly package: string
  readonly fields: Readonly<Record<string, string>>
  readonly required: readonly string[]
}

const rows: ReadonlyMap<string, Row> = new Map(Object.entries<Row>(kubernetes.shapes))
const shapes = new Map<string, ObjectShape>()

function isKind({ fields }: Row): boolean {
  return ['apiVersion', 'kind', 'metadata'].every(name => Object.hasOwn(fields, name))
}

function shortName(name: string): string {
  return name.replace(/^(?:[A-Z][a-z]+)?V[0-9]+/, '')
}

// A field's shape with what is known of who owns its parts.
function factual(shape: string, field: string, inner: Shape): Shape {
  if (inner.kind === 'list') return { ...inner, facts: listFacts(shape, field) }
  if (inner.kind === 'map') return { ...inner, isAtomic: isAtomicMap(shape, field) }
  return inner
}

// `[T]` is a list, `{T}` a map, `#Name` another shape; the rest are words.
function shapeOf(type: string): Shape {
  const inner = type.slice(1, -1)
  if (type.startsWith('[')) return { kind: 'list', items: shapeOf(inner) }
  if (type.startsWith('{')) return { kind: 'map', values: shapeOf(inner) }
  if (type.startsWith('#')) return kubernetesShape(type.slice(1))
  const found = SCALARS[type]
  assert(found !== undefined, `type ${type}`)
  return found
}

// Behind the type: `@` and the numbers of a field, `!` when it is always sent.
function placeOf(field: string): WirePlace | undefined {
  const [, numbers, mark] = /@([0-9.]+)(!?)$/.exec(field) ?? []
  if (numbers === undefined) return undefined
  return { path: numbers.split('.').map(Number), isAlwaysSent: mark === '!' }
}

function typeIn(field: string): string {
  return field.replace(/@.*$/, '')
}

const scalar = (kind: ScalarKind): Shape => ({ kind })

const SCALARS: Readonly<Record<string, Shape>> = {
  string: scalar('string'),
  boolean: scalar('boolean'),
  any: scalar('any'),
  byte: scalar('bytes'),
  double: scalar('number'),
  int32: { kind: 'integer', bits: 32 },
  int64: { kind: 'integer', bits: 64 },
  quantity: scalar('quantity'),
  'int-or-string': scalar('int-or-string'),
  'date-time': scalar('time'),
  'micro-time': scalar('micro-time'),
}
