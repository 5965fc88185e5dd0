import { readFileSync } from 'node:fs'
import { constants, gunzipSync } from 'node:zlib'

/** A field of a protobuf message. */
export interface ProtoField {
  readonly name: string
  readonly number: number
  /** Full name of the message it holds, such as `k8s.io.api.core.v1.PodSpec`; of a map its values'. */
  readonly message: string | undefined
  readonly isRepeated: boolean
  /** Always sent, also when it is empty: `(gogoproto.nullable) = false`. */
  readonly isAlwaysSent: boolean
}

/**
 * The messages that a Go program knows, by full name: the descriptors of its generated protobuf code lie in it, each
 * compressed with gzip (google/protobuf/descriptor.proto, FileDescriptorProto).
 */
export function readDescriptors(program: string): ReadonlyMap<string, readonly ProtoField[]> {
  const bytes = readFileSync(program)
  const messages = new Map<string, readonly ProtoField[]>()
  for (let at = bytes.indexOf(GZIP); at >= 0; at = bytes.indexOf(GZIP, at + 1)) {
    const file = unpacked(bytes.subarray(at, at + DESCRIPTOR_BYTES_MAX))
    if (file?.subarray(0, 80).includes('.proto') !== true) continue
    const scope = textOf(file, 2)
    for (const message of all(file, 4)) messages.set(`${scope}.${textOf(message, 1)}`, fieldsOf(message))
  }
  return messages
}

const GZIP = Buffer.from([0x1f, 0x8b, 0x08])
const DESCRIPTOR_BYTES_MAX = 400_000

// What follows the compressed bytes is something else.
function unpacked(bytes: Buffer): Buffer | undefined {
  try {
    return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH })
  } catch {
    return undefined
  }
}

function fieldsOf(message: Buffer): readonly ProtoField[] {
  const maps = new Map(all(message, 3).map(entry => [textOf(entry, 1), all(entry, 2)[1]]))
  return all(message, 2).map(field => {
    const named = textOf(field, 6).replace(/^\./, '')
    const value = maps.get(named.split('.').at(-1) ?? '')
    const held = value === undefined ? named : textOf(value, 6).replace(/^\./, '')
    const options = all(field, 8)[0]
    return {
      name: textOf(field, 1),
      number: numberOf(field, 3),
      message: held === '' ? undefined : held,
      isRepeated: numberOf(field, 4) === LABEL_REPEATED,
      isAlwaysSent: options !== undefined && has(options, GOGO_NULLABLE),
    }
  })
}

const LABEL_REPEATED = 3
const GOGO_NULLABLE = 65_001

function all(message: Buffer, number: number): Buffer[] {
  return [...entries(message)].flatMap(entry =>
    entry.number === number && Buffer.isBuffer(entry.value) ? [entry.value] : [],
  )
}

function textOf(message: Buffer, number: number): string {
  return all(message, number)[0]?.toString('utf8') ?? ''
}

function numberOf(message: Buffer, number: number): number {
  for (const entry of entries(message))
    if (entry.number === number && typeof entry.value === 'number') return entry.value
  return 0
}

function has(message: Buffer, number: number): boolean {
  return [...entries(message)].some(entry => entry.number === number)
}

// protobuf.dev/programming-guides/encoding: a key of number and wire type, then a varint or so many bytes.
function* entries(message: Buffer): Generator<{ readonly number: number; readonly value: number | Buffer }> {
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++] ?? 0
      value += (byte % 128) * scale
      if (byte < 128) return value
    }
  }
  while (at < message.length) {
    const key = varint()
    const [number, wire] = [Math.floor(key / 8), key % 8]
    const bytes = wire === 2 ? varint() : wire === 1 ? 8 : 4
    if (wire === 0) yield { number, value: varint() }
    else {
      yield { number, value: message.subarray(at, at + bytes) }
      at += bytes
    }
  }
}
