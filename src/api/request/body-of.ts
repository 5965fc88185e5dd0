import type { Readable } from 'node:stream'

const streams = new WeakMap<Request, Readable>()

/** Notes the stream of this process that a request's body comes by: to read it so takes a fraction of what its web stream does. */
export function bodyComesBy(request: Request, stream: Readable): void {
  streams.set(request, stream)
}

/** The body of a request, in pieces. What is left of it, when somebody stops, stays unread. */
export function bodyOf(request: Request): AsyncIterable<Uint8Array> | Iterable<never> {
  const stream = streams.get(request)
  return stream?.iterator({ destroyOnReturn: false }) ?? request.body ?? []
}
