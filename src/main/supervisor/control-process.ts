import type { World } from '#base'
import { faultOf } from '#rpc'
import { type ControlOrder, type ControlReport, type ControlStart, readControlReport } from '../control/messages.ts'
import { mainFault } from '../faults.ts'
import { CONTROL_READY_TIMEOUT_MS } from '../limits.ts'
import { Child } from './child.ts'
import { FLAGS } from './flags.ts'

/** One running control process. */
export class ControlProcess extends Child<ControlOrder, ControlReport> {
  /** Hears what it reports; that it failed is thrown by `ready` instead. */
  constructor(start: Omit<ControlStart, 'supervisorPid'>, world: World, listener: (report: ControlReport) => void) {
    super(
      {
        word: 'control',
        flags: FLAGS.control,
        env: MALLOC,
        descriptors: [],
        start: { kind: 'start', ...start, supervisorPid: process.pid },
        readyTimeoutMs: CONTROL_READY_TIMEOUT_MS,
        read,
        fault: message => mainFault('ControlProcess', message),
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
  const report = readControlReport(value)
  if (report.kind === 'etcd') return { report, outcome: undefined }
  return { report, outcome: report.kind === 'ready' ? report.kind : faultOf(report.fault) }
}

const MALLOC = { MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '131072' }
