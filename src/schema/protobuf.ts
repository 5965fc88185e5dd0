import { schemaFault } from './faults.ts'
import type { Json, JsonObject } from './json.ts'
import { VALUE_DEPTH_MAX } from './limits.ts'
import type { ObjectShape, Shape } from './shape.ts'

/** What Kubernetes' protobuf bodies begin with, before a runtime.Unknown. */
const MAGIC = Buffer.from('k8s\0', 'latin1')

/** A body in protobuf: which kind it says it is, and its message. */
export interface ProtobufBody {
  readonly apiVersion: string
  readonly kind: string
  readonly message: Buffer
}

/**
 * Opens a body of `application/vnd.kubernetes.protobuf` (kubernetes.io/docs/reference/using-api/api-concepts, "Kubernetes
 * Protobuf encoding"). Faults: BadRequest.
 */
export function openProtobuf(bytes: Buffer): ProtobufBody {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw malformed('it does not begin with k8s\\0')
  let [apiVersion, kind] = ['', '']
  let message: Buffer = Buffer.alloc(0)
  for (const { number, value } of entriesOf(bytes.subarray(MAGIC.length))) {
    if (!Buffer.isBuffer(value)) continue
    if (number === 2) message = value
    if (number !== 1) continue
    for (const part of entriesOf(value)) {
      if (!Buffer.isBuffer(part.value)) continue
      if (part.number === 1) apiVersion = part.value.toString('utf8')
      if (part.number === 2) kind = part.value.toString('utf8')
    }
  }
  return { apiVersion, kind, message }
}

/**
 * Reads a message as the JSON that says the same. Fields that Go sends although they are empty are left out where their
 * emptiness says nothing. Faults: BadRequest.
 */
export function protobufToJson(shape: ObjectShape, message: Buffer): JsonObject {
  return readMessage(shape, message, 0)
}

function readMessage(shape: ObjectShape, message: Buffer, depth: number): JsonObject {
  if (depth > VALUE_DEPTH_MAX) throw malformed('it is nested too deeply')
  const draft: Draft = { shape, depth, values: new Map(), lists: new Map(), maps: new Map() }
  readInto(draft, indexOf(shape), message)
  const lists = Array.from(draft.lists, ([name, items]): [string, Json] => [name, items])
  const maps = Array.from(draft.maps, ([name, map]): [string, Json] => [name, Object.fromEntries(map)])
  return Object.fromEntries([...draft.values, ...lists, ...maps])
}

/** A message that is being read: lists and maps arrive one entry after another, and between other fields. */
interface Draft {
  readonly shape: ObjectShape
  readonly depth: number
  readonly values: Map<string, Json>
  readonly lists: Map<string, Json[]>
  readonly maps: Map<string, Map<string, Json>>
}

function readInto(draft: Draft, index: WireIndex, message: Buffer): void {
  for (const entry of entriesOf(message)) {
    const found = index.get(entry.number)
    if (found === undefined) continue
    if (found instanceof Map) readInto(draft, found, bytesIn(entry))
    else readField(draft, found, entry)
  }
}

function readField(draft: Draft, { name, isAlwaysSent }: WireField, entry: Entry): void {
  const { depth } = draft
  const shape = draft.shape.fields.get(name)
  if (shape === undefined) return
  if (shape.kind === 'list') {
    const list = draft.lists.get(name) ?? []
    list.push(readValue(shape.items, entry, depth))
    draft.lists.set(name, list)
  } else if (shape.kind === 'map') {
    const map = draft.maps.get(name) ?? new Map<string, Json>()
    map.set(...readMapEntry(shape.values, bytesIn(entry), depth))
    draft.maps.set(name, map)
  } else {
    const value = readValue(shape, entry, depth)
    if (!saysNothing(name, value, isAlwaysSent)) draft.values.set(name, value)
  }
}

function readMapEntry(values: Shape, message: Buffer, depth: number): readonly [string, Json] {
  let key = ''
  let value: Json | undefined
  for (const entry of entriesOf(message)) {
    if (entry.number === 1) key = bytesIn(entry).toString('utf8')
    if (entry.number === 2) value = readValue(values, entry, depth + 1)
  }
  return [key, value ?? emptyOf(values)]
}

function emptyOf(shape: Shape): Json {
  if (shape.kind === 'list') return []
  return shape.kind === 'object' || shape.kind === 'map' ? {} : ''
}

function readValue(shape: Shape, entry: Entry, depth: number): Json {
  switch (shape.kind) {
    case 'object':
      return readMessage(shape, bytesIn(entry), depth + 1)
    case 'list':
      return Array.from(entriesOf(bytesIn(entry)), each => readValue(shape.items, each, depth + 1))
    case 'map':
      return {}
    case 'string':
      return bytesIn(entry).toString('utf8')
    case 'bytes':
      return bytesIn(entry).toString('base64')
    case 'boolean':
      return numberIn(entry) !== 0n
    case 'integer':
      return Number(BigInt.asIntN(64, numberIn(entry)))
    case 'number':
      return bytesIn(entry).readDoubleLE(0)
    case 'quantity':
      return textField(bytesIn(entry), 1)
    case 'time':
    case 'micro-time':
      return readTime(bytesIn(entry), shape.kind === 'time' ? 0 : 6)
    case 'int-or-string':
      return readIntOrString(bytesIn(entry))
    case 'any':
      return readRaw(bytesIn(entry))
  }
}

// meta.v1.Time and MicroTime: seconds and nanoseconds; nothing is the zero time, which JSON has as null.
function readTime(message: Buffer, digits: 0 | 6): Json {
  const [seconds, nanos] = [signedField(message, 1), signedField(message, 2)]
  if (message.length === 0) return null
  const ms = Number(seconds) * 1000
  if (Number.isNaN(new Date(ms).getTime())) throw malformed('a time is out of range')
  const text = new Date(ms).toISOString().slice(0, -5)
  return digits === 0
    ? `${text}Z`
    : `${text}.${String(Number(nanos) / 1000)
        .padStart(6, '0')
        .slice(0, 6)}Z`
}

// util.intstr.IntOrString: 0 is a number, 1 text.
function readIntOrString(message: Buffer): Json {
  return signedField(message, 1) === 0n ? Number(signedField(message, 2)) : textField(message, 3)
}

// RawExtension, FieldsV1, JSON: JSON as bytes.
function readRaw(message: Buffer): Json {
  const text = textField(message, 1)
  try {
    return text === '' ? null : JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) throw malformed('a raw field is no JSON')
    throw error
  }
}

function textField(message: Buffer, number: number): string {
  for (const entry of entriesOf(message)) if (entry.number === number) return bytesIn(entry).toString('utf8')
  return ''
}

function signedField(message: Buffer, number: number): bigint {
  for (const entry of entriesOf(message)) if (entry.number === number) return BigInt.asIntN(64, numberIn(entry))
  return 0n
}

// Go sends fields that are no pointers also when they are zero; which ones these are the wire does not tell.
function saysNothing(name: string, value: Json, isAlwaysSent: boolean): boolean {
  if (value === null) return true
  if (value === '') return !MEANT_WHEN_EMPTY.has(name)
  if (value === 0 || value === false) return !MEANT_WHEN_ZERO.has(name)
  return isAlwaysSent && typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 0
}

const MEANT_WHEN_EMPTY: ReadonlySet<string> = new Set([
  'ingressClassName',
  'storageClassName',
  'value',
  'message',
  'reason',
])

const MEANT_WHEN_ZERO: ReadonlySet<string> = new Set([
  'activeDeadlineSeconds',
  'allocateLoadBalancerNodePorts',
  'allowPrivilegeEscalation',
  'attachRequired',
  'automountServiceAccountToken',
  'backoffLimit',
  'backoffLimitPerIndex',
  'completions',
  'defaultMode',
  'enableServiceLinks',
  'expirationSeconds',
  'failedJobsHistoryLimit',
  'fsGroup',
  'gracePeriodSeconds',
  'hostUsers',
  'maxFailedIndexes',
  'mode',
  'parallelism',
  'partition',
  'priority',
  'progressDeadlineSeconds',
  'replicas',
  'revisionHistoryLimit',
  'runAsGroup',
  'runAsUser',
  'runAsNonRoot',
  'startingDeadlineSeconds',
  'successfulJobsHistoryLimit',
  'terminationGracePeriodSeconds',
  'tolerationSeconds',
  'ttlSecondsAfterFinished',
  'setHostnameAsFQDN',
  'allowed',
  'ready',
  'optional',
  'orphanDependents',
])

interface WireField {
  readonly name: string
  readonly isAlwaysSent: boolean
}

/** Fields by number; messages in line are indexes themselves. */
type WireIndex = Map<number, WireField | WireIndex>

const indexes = new WeakMap<ObjectShape, WireIndex>()

function indexOf(shape: ObjectShape): WireIndex {
  const known = indexes.get(shape)
  if (known !== undefined) return known
  const index: WireIndex = new Map()
  for (const [name, { path, isAlwaysSent }] of shape.places) {
    let at = index
    for (const number of path.slice(0, -1)) {
      const inner = at.get(number)
      const next: WireIndex = inner instanceof Map ? inner : new Map()
      at.set(number, next)
      at = next
    }
    at.set(path.at(-1) ?? 0, { name, isAlwaysSent })
  }
  indexes.set(shape, index)
  return index
}

interface Entry {
  readonly number: number
  readonly value: bigint | Buffer
}

// protobuf.dev/programming-guides/encoding: a key of number and wire type, then a varint or so many bytes.
function* entriesOf(message: Buffer): Generator<Entry> {
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message[at++]
      if (byte === undefined) throw malformed('it ends too early')
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw malformed('a number is too long')
  }
  while (at < message.length) {
    const key = varint()
    const [number, wire] = [Number(key >> 3n), Number(key & 7n)]
    if (wire === 0) {
      yield { number, value: varint() }
      continue
    }
    const bytes = wire === 1 ? 8 : wire === 5 ? 4 : wire === 2 ? Number(varint()) : -1
    if (bytes < 0 || at + bytes > message.length) throw malformed('it ends too early')
    yield { number, value: message.subarray(at, at + bytes) }
    at += bytes
  }
}

function bytesIn({ value }: Entry): Buffer {
  if (Buffer.isBuffer(value)) return value
  throw malformed('a field has the wrong wire type')
}

function numberIn({ value }: Entry): bigint {
  if (typeof value === 'bigint') return value
  throw malformed('a field has the wrong wire type')
}

function malformed(why: string): Error {
  return schemaFault('BadRequest', `the body is no protobuf message of its kind: ${why}`)
}
