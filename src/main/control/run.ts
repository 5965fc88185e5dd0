import { flushCompileCache } from 'node:module'
import { isFault, type World, whyOf } from '#base'
import { faultHead } from '#rpc'
import { closedFolder } from '../closed-folder.ts'
import { mainFault } from '../faults.ts'
import { readChoice } from '../keyspace/choice.ts'
import { restoreStaged } from '../keyspace/restoring.ts'
import { followAddress } from '../members/follow-address.ts'
import { waitForLock } from '../process-lock.ts'
import { keepMemorySpare, leaveThreadsTheirLimits, ownMemory } from '../spare-memory.ts'
import { limitOrphan } from '../storage/orphan.ts'
import { openControlLink } from './link.ts'
import { openControl } from './open.ts'
import { openStandby, standsBy } from './standby.ts'
import { storageDoor } from './storage-door.ts'

/**
 * The control process: opens the control plane of a data folder, serves the API, and closes in reverse order when told, by
 * SIGTERM, or when its supervisor is gone. Storage neither needs nor notices it.
 */
export async function runControl(world: World): Promise<void> {
  process.umask(0o077) // SQLite makes its files as open as this lets it
  leaveThreadsTheirLimits()
  const link = openControlLink()
  const start = await link.start
  using _limit = limitOrphan(link.gone, world, () => process.exit(1))
  try {
    const stopped = new AbortController()
    const broken = Promise.withResolvers<void>()
    const anew = (why: string) => {
      world.log.info('the control process starts anew', { why })
      broken.resolve()
    }
    const failed = (error: Error) => {
      process.exitCode = 1
      anew(error.message)
    }
    const hint = 'Look for it with `ps ax | grep cairn` and end it.'
    const fault = (message: string) => mainFault('ControlProcess', message, { hint })
    using _lock = await waitForLock({ file: `${start.dataFolder}/control.lock`, stop: link.stop, fault }, world)
    const lookAtEtcd = () => link.tell({ kind: 'etcd' })
    const { dataFolder } = start
    const isStandby = readChoice(dataFolder).kind === 'standby'
    await using opening = new AsyncDisposableStack()
    if (isStandby) {
      const seated = () => anew('it has its place')
      opening.use(await openStandby({ start, world, lookAtEtcd, seated }))
      link.tell({ kind: 'standby', fault: faultHead(standsBy('it asks the others for its place')) })
    } else {
      await restoreStaged({ world, dataFolder }, new AbortController().signal)
      opening.use(followAddress({ world, dataFolder, call: storageDoor(dataFolder, world), lookAtEtcd }))
      const { url, recoveryPhrase } = opening.use(await openControl(start, world, { failed, anew, lookAtEtcd }))
      link.tell({ kind: 'ready', url, recoveryPhrase })
    }
    void keepMemorySpare(ownMemory, world.clock, stopped.signal)
    flushCompileCache() // it is written at the end of a process, and this one lives long
    await Promise.race([link.stop, broken.promise])
    stopped.abort()
  } catch (thrown) {
    const error = closedFolder(start.dataFolder, thrown)
    if (!isFault(error)) world.log.warn('the control process broke', { error: whyOf(error) })
    link.tell({ kind: 'failed', fault: faultHead(error) })
    process.exitCode = 1
  }
  // The channel keeps the process alive: what was told is on its way when this returns.
  if (process.connected) process.disconnect()
}
