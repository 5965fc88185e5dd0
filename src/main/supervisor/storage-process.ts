import { type ChildProcess, spawn } from 'node:child_process'
import type { World } from '#base'
import { faultOf } from '#rpc'
import { mainFault } from '../faults.ts'
import { READY_TIMEOUT_MS, STOP_TIMEOUT_MS } from '../limits.ts'
import { type Order, type Report, readReport, type Start } from '../messages.ts'

/** A storage process to start. The descriptors of the mounts, as they are here, become its slots from 4 on. */
export type StorageStart = Omit<Start, 'supervisorPid'>

/** Hears what a storage process reports; a `failed` is thrown by {@link StorageProcess.ready} instead. */
export type ReportListener = (report: Report) => void

/** One running storage process. */
export class StorageProcess {
  readonly pid: number | undefined
  /** Resolves when all its doors are open. Rejects with the fault it named, or StorageProcess when it just ended. */
  readonly ready: Promise<void>
  /** Resolves when it has ended; says how, for people. */
  readonly ended: Promise<string>
  readonly #child: ChildProcess
  readonly #world: World

  constructor(start: StorageStart, world: World, listener: ReportListener) {
    this.#world = world
    this.#child = spawn(process.execPath, [...FLAGS, entryFile(), 'storage'], {
      env: { ...MALLOC, ...process.env },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', ...start.mounts.map(mount => mount.fd)],
      serialization: 'advanced',
    })
    this.pid = this.#child.pid
    this.ended = ended(this.#child)
    this.ready = this.#untilReady(listener)
    this.ready.catch(() => undefined) // whoever waits sees it
    this.tell({ kind: 'start', ...startMessage(start) })
  }

  /** Tells the process something; nothing happens when it is gone. */
  tell(order: Order): void {
    if (this.#child.connected) this.#child.send(order, () => undefined)
  }

  /** Asks it to close cleanly and waits for its end; kills it when it takes too long. */
  async stop(): Promise<void> {
    this.tell({ kind: 'stop' })
    const over = new AbortController()
    const late = this.#world.clock.sleep(STOP_TIMEOUT_MS, over.signal).then(
      () => this.kill(),
      () => undefined,
    )
    await this.ended
    over.abort()
    await late
  }

  /** Ends it without asking. */
  kill(): void {
    this.#child.kill('SIGKILL')
  }

  async #untilReady(listener: ReportListener): Promise<void> {
    const outcome = Promise.withResolvers<void>()
    this.#child.on('message', value => {
      const report = readReport(value)
      if (report.kind === 'ready') outcome.resolve()
      if (report.kind === 'failed') outcome.reject(faultOf(report.fault))
      else listener(report)
    })
    const over = new AbortController()
    const late = this.#world.clock.sleep(READY_TIMEOUT_MS, over.signal).then(
      () => outcome.reject(mainFault('StorageProcess', `the storage process was not ready in ${READY_TIMEOUT_MS} ms`)),
      () => undefined,
    )
    void this.ended.then(how => outcome.reject(mainFault('StorageProcess', `the storage process ended early: ${how}`)))
    try {
      await outcome.promise
    } finally {
      over.abort()
      await late
    }
  }
}

const FIRST_SLOT = 4

function startMessage(start: StorageStart): Start {
  const mounts = start.mounts.map((mount, index) => ({ ...mount, fd: FIRST_SLOT + index }))
  return { ...start, supervisorPid: process.pid, mounts }
}

function entryFile(): string {
  return new URL('../cairn.ts', import.meta.url).pathname
}

function ended(child: ChildProcess): Promise<string> {
  return new Promise(resolve => {
    child.once('error', error => resolve(error.message))
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`))
  })
}

// Young objects get less room than V8 would take: what a process has once taken for them it keeps.
const FLAGS = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=8']

// mallopt(3): large buffers go back to the system when they are freed, instead of staying in the heap of some thread. The
// smallest of these have one synced write of 64 KiB: with 128 KiB here, 10,000 of them left 40 MB behind.
const MALLOC = { MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '131072', MALLOC_MMAP_THRESHOLD_: '65536' }
