import { type World, whyOf } from '#base'
import { checkMarks, type Keyspace, untilRefilled } from '#keyspace'

/**
 * Has a server that others see begin anew when one of them fills the keyspace that they share: it waits until this one is gone.
 * To be opened once it is seen, so that none is overlooked. Faults: Unfinished, Moved.
 */
export async function followRefill(
  keyspace: Keyspace,
  { log }: Pick<World, 'log'>,
  anew: (why: string) => void,
): Promise<AsyncDisposable> {
  const closing = new AbortController()
  const { signal } = closing
  const revision = await checkMarks(keyspace, signal)
  const following = untilRefilled(keyspace, revision, signal).then(
    () => anew('another server restores a backup'),
    (error: unknown) => {
      if (signal.aborted) return
      log.warn('whether the keyspace is filled anew is not heard', { why: whyOf(error) })
      anew('it was not heard whether the keyspace was filled anew')
    },
  )
  return {
    async [Symbol.asyncDispose]() {
      closing.abort()
      await following
    },
  }
}
