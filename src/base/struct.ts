import { assert } from './assert.ts'

/** One field of a {@link struct}: how many bytes, how to read it, how to write it. */
export interface Field<Value> {
  readonly size: number
  readonly read: (view: DataView, offset: number) => Value
  readonly write: (view: DataView, offset: number, value: Value) => void
}

// A field of whatever value: `Field<never>` would only fit fields that read nothing.
interface AnyField {
  readonly size: number
  readonly read: (view: DataView, offset: number) => unknown
  readonly write: (view: DataView, offset: number, value: never) => void
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

/** Declares a fixed layout, in order and without gaps. Padding is a declared field. */
export function struct<const Fields extends Readonly<Record<string, AnyField>>>(
  fields: Fields,
): Struct<Values<Fields>> {
  const rows: { name: string; field: Field<unknown>; offset: number }[] = []
  let size = 0
  for (const [name, field] of Object.entries(fields)) {
    rows.push({ name, field: field as unknown as Field<unknown>, offset: size })
    size += field.size
  }
  const offsets = Object.fromEntries(rows.map(row => [row.name, row.offset])) as Record<keyof Fields, number>
  const write = (bytes: Uint8Array, value: Values<Fields>, offset = 0): void => {
    assert(offset + size <= bytes.byteLength, 'struct does not fit')
    const view = viewOf(bytes)
    const source = value as Record<string, unknown>
    for (const row of rows) row.field.write(view, offset + row.offset, source[row.name])
  }
  return {
    size,
    offsets,
    read(bytes, offset = 0) {
      assert(offset + size <= bytes.byteLength, 'struct is cut short')
      const view = viewOf(bytes)
      const value: Record<string, unknown> = {}
      for (const row of rows) value[row.name] = row.field.read(view, offset + row.offset)
      return value as Values<Fields>
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

export const u8: Field<number> = {
  size: 1,
  read: (view, offset) => view.getUint8(offset),
  write: (view, offset, value) => view.setUint8(offset, value),
}

export const u16: Field<number> = {
  size: 2,
  read: (view, offset) => view.getUint16(offset, true),
  write: (view, offset, value) => view.setUint16(offset, value, true),
}

export const u32: Field<number> = {
  size: 4,
  read: (view, offset) => view.getUint32(offset, true),
  write: (view, offset, value) => view.setUint32(offset, value, true),
}

export const i32: Field<number> = {
  size: 4,
  read: (view, offset) => view.getInt32(offset, true),
  write: (view, offset, value) => view.setInt32(offset, value, true),
}

/** 64 bits as a number. Reading a value above 2^53 loses low bits: only for what we count or number ourselves. */
export const u64: Field<number> = {
  size: 8,
  read: (view, offset) => view.getUint32(offset + 4, true) * 2 ** 32 + view.getUint32(offset, true),
  write: (view, offset, value) => {
    view.setUint32(offset, value >>> 0, true)
    view.setUint32(offset + 4, Math.floor(value / 2 ** 32) >>> 0, true)
  },
}

/** Signed 64 bits as a number, exact within +-2^53. */
export const i64: Field<number> = {
  size: 8,
  read: (view, offset) => view.getInt32(offset + 4, true) * 2 ** 32 + view.getUint32(offset, true),
  write: (view, offset, value) => {
    view.setUint32(offset, value >>> 0, true)
    view.setInt32(offset + 4, Math.floor(value / 2 ** 32), true)
  },
}

/** All 64 bits, for values of others that may use them all. */
export const u64big: Field<bigint> = {
  size: 8,
  read: (view, offset) => view.getBigUint64(offset, true),
  write: (view, offset, value) => view.setBigUint64(offset, value, true),
}

/** `size` raw bytes. Reading shares memory with what was read. */
export function raw(size: number): Field<Uint8Array> {
  return {
    size,
    read: (view, offset) => new Uint8Array(view.buffer, view.byteOffset + offset, size),
    write: (view, offset, value) => {
      assert(value.byteLength === size, 'raw field has the wrong size')
      new Uint8Array(view.buffer, view.byteOffset + offset, size).set(value)
    },
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
