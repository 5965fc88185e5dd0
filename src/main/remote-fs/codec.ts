import { type Message, message, type Shape } from '#rpc'

/** How a value travels: what of it is structured, and raw bytes. */
export interface Codec<Value> {
  encode(value: Value): Message<unknown>
  /** Faults: BadMessage, whatever the other side sends. */
  decode(received: Message<unknown>): Value
}

/** A value without raw bytes. */
export function plain<Value>(check: Shape<Value>): Codec<Value> {
  return { encode: value => message(value), decode: ({ head }) => check(head, '') }
}

/** A value of which a part travels in another form. */
export function mapped<Value, Wire>(
  codec: Codec<Wire>,
  map: { readonly out: (value: Value) => Wire; readonly in: (wire: Wire) => Value },
): Codec<Value> {
  return { encode: value => codec.encode(map.out(value)), decode: received => map.in(codec.decode(received)) }
}

/** Nothing. */
export const nothingAtAll: Codec<void> = { encode: () => message(undefined), decode: () => undefined }
