import type { World } from '#base'
import { ORPHAN_TIMEOUT_MS } from '../limits.ts'

/**
 * Ends a process by `exit` that lives on for ORPHAN_TIMEOUT_MS after its supervisor has gone, unless disposed before.
 * What was answered is safe in log and staging file: closing that takes long only keeps the next Cairn waiting.
 */
export function limitOrphan(gone: Promise<void>, { clock, log }: World, exit: () => void): Disposable {
  const closed = new AbortController()
  const late = gone.then(() => clock.sleep(ORPHAN_TIMEOUT_MS, closed.signal))
  void late.then(
    () => {
      log.warn('the supervisor is gone and closing takes too long: the storage process ends as it is')
      exit()
    },
    () => undefined,
  )
  return { [Symbol.dispose]: () => closed.abort() }
}
