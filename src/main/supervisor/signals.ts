/** How the end of this process is asked for. */
export interface EndSignals extends Disposable {
  /** Resolves at the first request: a signal, or {@link requestEnd}. */
  readonly end: Promise<void>
  /** Aborted at the second signal: no more patience. */
  readonly hurry: AbortSignal
  requestEnd(): void
}

/** Listens for SIGINT, SIGTERM and SIGHUP instead of dying of them. */
export function endSignals(): EndSignals {
  const end = Promise.withResolvers<void>()
  const hurry = new AbortController()
  let asked = false
  const hear = () => {
    if (asked) hurry.abort()
    asked = true
    end.resolve()
  }
  for (const name of NAMES) process.on(name, hear)
  return {
    end: end.promise,
    hurry: hurry.signal,
    requestEnd() {
      asked = true
      end.resolve()
    },
    [Symbol.dispose]() {
      for (const name of NAMES) process.off(name, hear)
    },
  }
}

const NAMES = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
