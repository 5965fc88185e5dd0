import type { Message } from './message.ts'
import type { Shape } from './shape.ts'

interface Declared<Params, Result> {
  /** `noun.verb`, the same for ever; a changed meaning is a new `version`. */
  readonly name: string
  readonly version: number
  readonly params: Shape<Params>
  readonly result: Shape<Result>
  /** After so long both sides give up; as long as it takes when undefined. */
  readonly timeoutMs?: number | undefined
}

/** One message out, one back. */
export interface UnaryMethod<Params, Result> extends Declared<Params, Result> {
  readonly kind: 'unary'
}

/** One message out, many back, then a result. */
export interface DownloadMethod<Params, Item, Result> extends Declared<Params, Result> {
  readonly kind: 'download'
  readonly item: Shape<Item>
}

/** Many messages out, one back at the end. */
export interface UploadMethod<Params, Item, Result> extends Declared<Params, Result> {
  readonly kind: 'upload'
  readonly item: Shape<Item>
}

/** Any declared method. */
export type Method =
  | UnaryMethod<unknown, unknown>
  | DownloadMethod<unknown, unknown, unknown>
  | UploadMethod<unknown, unknown, unknown>

/** Declares a call of one message each way. */
export function unary<Params, Result>(method: Declared<Params, Result>): UnaryMethod<Params, Result> {
  return { kind: 'unary', ...method }
}

/** Declares a call that answers a stream. */
export function download<Params, Item, Result>(
  method: Declared<Params, Result> & { readonly item: Shape<Item> },
): DownloadMethod<Params, Item, Result> {
  return { kind: 'download', ...method }
}

/** Declares a call that takes a stream. */
export function upload<Params, Item, Result>(
  method: Declared<Params, Result> & { readonly item: Shape<Item> },
): UploadMethod<Params, Item, Result> {
  return { kind: 'upload', ...method }
}

/** Who is at the other end, as the certificate it has shown says. */
export interface PeerName {
  readonly name: string
  readonly groups: readonly string[]
  /** Of its certificate: hexadecimal, lower case. */
  readonly serial: string
}

/** What a handler is told beside its parameters. */
export interface CallContext {
  /** Who calls; undefined at a unix socket, where the socket's mode has decided. */
  readonly peer: PeerName | undefined
  /** Raw bytes that came with the parameters. */
  readonly body: Uint8Array
  /** Aborted when the caller gives up, its time is over or the connection ends: the work should stop. */
  readonly signal: AbortSignal
}

/** A method with what answers it: one row of a server's table. Made by {@link answer} and friends only. */
export interface Handler {
  readonly method: Method
  /** `items` is empty but for uploads; `send` is for downloads. Answers the result. */
  run(params: unknown, context: CallContext, streams: HandlerStreams): Promise<Message<unknown>>
}

interface HandlerStreams {
  readonly items: AsyncIterable<Message<unknown>>
  send(message: Message<unknown>): Promise<void>
}

/** Answers a unary method. */
export function answerUnary<Params, Result>(
  method: UnaryMethod<Params, Result>,
  run: (params: Params, context: CallContext) => Promise<Message<Result>>,
): Handler {
  return { method, run: (params, context) => run(method.params(params, ''), context) }
}

/** Answers a download: what the generator yields is the stream, what it returns the result. */
export function answerDownload<Params, Item, Result>(
  method: DownloadMethod<Params, Item, Result>,
  run: (params: Params, context: CallContext) => AsyncGenerator<Message<Item>, Message<Result>, undefined>,
): Handler {
  return {
    method,
    async run(params, context, streams) {
      await using messages = run(method.params(params, ''), context)
      for (;;) {
        const next = await messages.next()
        if (next.done === true) return next.value
        await streams.send(next.value)
      }
    },
  }
}

/** Answers an upload. Leaving the loop over the items early is fine. */
export function answerUpload<Params, Item, Result>(
  method: UploadMethod<Params, Item, Result>,
  run: (params: Params, items: AsyncIterable<Message<Item>>, context: CallContext) => Promise<Message<Result>>,
): Handler {
  return {
    method,
    run: (params, context, streams) => run(method.params(params, ''), checked(streams.items, method.item), context),
  }
}

async function* checked<Item>(messages: AsyncIterable<Message<unknown>>, item: Shape<Item>) {
  for await (const { head, body } of messages) yield { head: item(head, 'item'), body }
}
