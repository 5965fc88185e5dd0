import type { World } from '#base'
import { faultOf } from '#rpc'
import { mainFault } from '../faults.ts'
import { READY_TIMEOUT_MS } from '../limits.ts'
import { type Order, type Report, readReport, type Start } from '../messages.ts'
import { Child, FIRST_SLOT } from './child.ts'
import { FLAGS } from './flags.ts'

/** A storage process to start. The descriptors of the mounts, as they are here, become its slots from 4 on. */
export type StorageStart = Omit<Start, 'supervisorPid' | 'supervisedMs'>

/** One running storage process. */
export class StorageProcess extends Child<Order, Report> {
  /** Hears what it reports; a `failed` is thrown by `ready` instead. */
  constructor(start: StorageStart, world: World, listener: (report: Report) => void) {
    const mounts = start.mounts.map((mount, index) => ({ ...mount, fd: FIRST_SLOT + index }))
    const [supervisorPid, supervisedMs] = [process.pid, Math.round(process.uptime() * 1000)]
    super(
      {
        word: 'storage',
        flags: FLAGS.storage,
        env: MALLOC,
        descriptors: start.mounts.map(mount => mount.fd),
        start: { kind: 'start', ...start, supervisorPid, supervisedMs, mounts },
        readyTimeoutMs: READY_TIMEOUT_MS,
        read,
        fault: message => mainFault('StorageProcess', message),
      },
      world,
      listener,
    )
  }

  /** Asks it to close cleanly and waits for its end; kills it when it takes too long. */
  async stop(): Promise<void> {
    this.tell({ kind: 'stop' })
    await this.untilEnded()
  }
}

function read(value: unknown) {
  const report = readReport(value)
  const outcome = report.kind === 'failed' ? faultOf(report.fault) : report.kind === 'ready' ? report.kind : undefined
  return { report, outcome }
}

// mallopt(3): large buffers go back to the system when they are freed, instead of staying in the heap of some thread. The
// smallest of these have one synced write of 64 KiB: with 128 KiB here, 10,000 of them left 40 MB behind.
const MALLOC = { MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '131072', MALLOC_MMAP_THRESHOLD_: '65536' }
