/**
 * An answer's body that is made as the client takes it. `signal` is the request's; the one that `make` gets also aborts
 * when the client goes away. What is thrown breaks the answer off, so that nobody takes it for whole. `ended` runs once, also
 * when the signal aborts and nobody takes any more: a client that gives up may never look at what it asked for.
 */
export function streamOf(
  make: (signal: AbortSignal) => AsyncIterable<Uint8Array>,
  signal: AbortSignal,
  ended: () => void = () => undefined,
): ReadableStream<Uint8Array> {
  const gone = new AbortController()
  const chunks = make(AbortSignal.any([signal, gone.signal]))[Symbol.asyncIterator]()
  let isOver = false
  const end = (): void => {
    signal.removeEventListener('abort', leave)
    if (!isOver) ended()
    isOver = true
  }
  const leave = (): void => {
    Promise.resolve(chunks.return?.(undefined)).then(end, end)
  }
  if (signal.aborted) leave()
  else signal.addEventListener('abort', leave, { once: true })
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const next = await chunks.next()
          if (next.done !== true) return controller.enqueue(next.value)
          controller.close()
        } catch (error) {
          controller.error(error)
        }
        end()
      },
      async cancel() {
        gone.abort()
        end()
        await chunks.return?.(undefined)
      },
    },
    { highWaterMark: 1 },
  )
}
