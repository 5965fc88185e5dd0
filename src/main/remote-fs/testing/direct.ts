import type { HomeSessions, HomeTransport } from '#storage/fs'

/** A machine's way to a home in the same process, without a wire; `asked` runs before each call is done, and fails it when it throws. */
export function directTransport(
  sessions: () => HomeSessions,
  machine: string,
  asked: (kind: string) => Promise<void> = async () => undefined,
): HomeTransport {
  const asker = { machine, access: 'full' } as const
  return {
    open: async resume => sessions().open(asker, resume),
    call: async (session, call) => {
      await asked(call.kind)
      return (await sessions().call(session, asker, call)) as never
    },
    watch: (session, signal) => sessions().watch(session, asker, signal),
    acknowledge: async (session, told) => sessions().acknowledge(session, asker, told),
    renew: async session => sessions().renew(session, asker),
    close: async session => sessions().close(session, asker),
  }
}
