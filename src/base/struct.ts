import { compileFunction } from 'node:vm'
import { assert } from './assert.ts'

/**
 * One field of a {@link struct}: how many bytes, and the expressions that read and write it. In them `view` is a
 * `DataView`; `at` is an expression for the field's offset in it, `value` one for its value.
 */
export interface Field<Value> {
  readonly size: number
  readonly get: (at: string) => string
  readonly set: (at: string, value: string) => string
  /** Never there: it carries the type. */
  readonly of?: Value
}

type Values<Fields> = { -readonly [Name in keyof Fields]: Fields[Name] extends Field<infer Value> ? Value : never }

/** A layout declared once: its size, reader, writer and type follow. All integers are little endian. */
export interface Struct<Shape> {
  readonly size: number
  /** Where each field starts. */
  readonly offsets: Readonly<Record<keyof Shape, number>>
  /** Decodes `size` bytes at `offset`. */
  read(bytes: Uint8Array, offset?: number): Shape
  /** Encodes into `size` bytes at `offset`. */
  write(bytes: Uint8Array, value: Shape, offset?: number): void
  /** Encodes into new bytes. */
  bytes(value: Shape): Buffer
}

/**
 * Declares a fixed layout, in order and without gaps. Padding is a declared field. Reader and writer are compiled from
 * the declaration, straight-line code: a loop over fields takes two to five times as long, and every request reads and writes
 * about ten structs.
 */
export function struct<const Fields extends Readonly<Record<string, Field<unknown>>>>(
  fields: Fields,
): Struct<Values<Fields>> {
  let size = 0
  const rows = Object.entries(fields).map(([name, field]) => {
    assert(/^[A-Za-z]\w*$/.test(name), `${name} is no name for a field`)
    const row = { name, field, offset: size }
    size += field.size
    return row
  })
  const at = (offset: number): string => `offset + ${offset}`
  const reads = rows.map(({ name, field, offset }) => `${name}: ${field.get(at(offset))}`)
  const writes = rows.map(({ name, field, offset }) => field.set(at(offset), `value.${name}`))
  const readFrom = compile(['view', 'offset'], `return { ${reads.join(', ')} }`)
  const writeTo = compile(['view', 'offset', 'value'], writes.join('\n'))
  const write = (bytes: Uint8Array, value: Values<Fields>, offset = 0): void => {
    assert(offset + size <= bytes.byteLength, 'struct does not fit')
    writeTo(viewOf(bytes), offset, value)
  }
  return {
    size,
    offsets: Object.fromEntries(rows.map(row => [row.name, row.offset])) as Record<keyof Fields, number>,
    read(bytes, offset = 0) {
      assert(offset + size <= bytes.byteLength, 'struct is cut short')
      return readFrom(viewOf(bytes), offset) as Values<Fields>
    },
    write,
    bytes(value) {
      const bytes = Buffer.alloc(size)
      write(bytes, value)
      return bytes
    },
  }
}

/** The type a struct reads and writes. */
export type StructOf<S> = S extends Struct<infer Shape> ? Shape : never

export const u8 = number(1, 'Uint8')
export const u16 = number(2, 'Uint16')
export const u32 = number(4, 'Uint32')
export const i32 = number(4, 'Int32')

/** 64 bits as a number. Reading a value above 2^53 loses low bits: only for what we count or number ourselves. */
export const u64 = wide('Uint32')

/** Signed 64 bits as a number, exact within +-2^53. */
export const i64 = wide('Int32')

/** All 64 bits, for values of others that may use them all. */
export const u64big = big('BigUint64')

/** Signed 64 bits, all of them. */
export const i64big = big('BigInt64')

/** `size` raw bytes. Reading shares memory with what was read. */
export function raw(size: number): Field<Uint8Array> {
  const part = (at: string): string => `new Uint8Array(view.buffer, view.byteOffset + ${at}, ${size})`
  return {
    size,
    get: part,
    set: (at, value) =>
      `if (${value}.byteLength !== ${size}) throw new RangeError('a raw field has ${size} bytes')
       ${part(at)}.set(${value})`,
  }
}

function number(size: number, type: string): Field<number> {
  return {
    size,
    get: at => `view.get${type}(${at}, true)`,
    set: (at, value) => `view.set${type}(${at}, ${value}, true)`,
  }
}

function wide(high: string): Field<number> {
  return {
    size: 8,
    get: at => `view.get${high}(${at} + 4, true) * 4294967296 + view.getUint32(${at}, true)`,
    set: (at, value) =>
      `view.setUint32(${at}, ${value} >>> 0, true)
       view.set${high}(${at} + 4, Math.floor(${value} / 4294967296), true)`,
  }
}

function big(type: string): Field<bigint> {
  return {
    size: 8,
    get: at => `view.get${type}(${at}, true)`,
    set: (at, value) => `view.set${type}(${at}, ${value}, true)`,
  }
}

// The source is made of declarations in our own code, never of anything from outside.
function compile(parameters: readonly string[], body: string): (...values: readonly unknown[]) => unknown {
  return compileFunction(body, parameters) as (...values: readonly unknown[]) => unknown
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
