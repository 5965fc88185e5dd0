import fs from 'node:fs'
import { type World, whyOf } from '#base'
import { faultOf } from '#rpc'
import { mainFault } from '../faults.ts'
import { MESH_READY_TIMEOUT_MS } from '../mesh/limits.ts'
import { type MeshOrder, type MeshStart, type MeshToldReport, readMeshReport } from '../mesh/messages.ts'
import { wireguardObstacle } from '../mesh/obstacle.ts'
import { type MeshWords, providerOf } from '../mesh/words.ts'
import { Child } from './child.ts'
import { FLAGS } from './flags.ts'
import { RestartPause } from './restart-pause.ts'

/** What mesh processes are started with. */
export interface MeshOptions {
  readonly dataFolder: string
  readonly words: MeshWords
}

/**
 * Keeps a mesh process running while this machine is in a cloud of several and can have one, until disposed. What a process
 * has left that was killed is removed when none is to run.
 */
export class MeshKeeper implements AsyncDisposable {
  readonly #options: MeshOptions
  readonly #world: World
  readonly #canHaveOne: boolean
  #running: { readonly stop: AbortController; readonly done: Promise<void> } | undefined
  #cleaning: Promise<void> = Promise.resolve()

  constructor(options: MeshOptions, world: World) {
    this.#options = options
    this.#world = world
    const { kind } = providerOf(options.words)
    this.#canHaveOne = kind === 'interface' || (kind === 'wireguard' && wireguardObstacle() === undefined)
    if (kind !== 'wireguard' && wireguardObstacle() === undefined) this.#clean()
  }

  /** Whether this machine is to be on the mesh from now on. */
  wanted(isWanted: boolean): void {
    if (!this.#canHaveOne || isWanted === (this.#running !== undefined)) return
    if (isWanted) {
      const stop = new AbortController()
      this.#running = { stop, done: this.#cleaning.then(() => this.#keep(stop.signal)) }
    } else void this.#end()
    if (!isWanted) this.#clean()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end()
    await this.#cleaning
  }

  async #end(): Promise<void> {
    const running = this.#running
    this.#running = undefined
    running?.stop.abort()
    await running?.done
  }

  async #keep(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#world
    const pause = new RestartPause(clock)
    while (!signal.aborted) {
      const sinceMs = clock.monotonicMs()
      const child = this.#start('serve')
      child.ready.catch(error => log.warn('the mesh process did not come up', { error: whyOf(error) }))
      const stopped = Promise.withResolvers<void>()
      const stop = () => stopped.resolve()
      signal.addEventListener('abort', stop, { once: true })
      const how = await Promise.race([child.ended, stopped.promise])
      signal.removeEventListener('abort', stop)
      if (signal.aborted) {
        child.tell({ kind: 'stop' })
        return child.untilEnded()
      }
      log.warn(`the mesh process ended (${how ?? ''}); starting it again`)
      await pause.wait(sinceMs, signal)
    }
  }

  #clean(): void {
    if (!fs.existsSync(`${this.#options.dataFolder}/node/mesh.json`)) return
    this.#cleaning = this.#cleaning.then(() => this.#start('clean').untilEnded())
  }

  #start(work: MeshStart['work']): Child<MeshOrder, MeshToldReport> {
    const start = { kind: 'start', ...this.#options, supervisorPid: process.pid, work } as const
    return new Child<MeshOrder, MeshToldReport>(
      {
        word: 'mesh',
        flags: FLAGS.mesh,
        env: MALLOC,
        descriptors: [],
        start,
        readyTimeoutMs: MESH_READY_TIMEOUT_MS,
        read,
        fault: message => mainFault('MeshProcess', message),
      },
      this.#world,
      () => undefined,
    )
  }
}

function read(value: unknown) {
  const report = readMeshReport(value)
  return { report, outcome: report.kind === 'failed' ? faultOf(report.fault) : report.kind }
}

const MALLOC = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '131072', UV_THREADPOOL_SIZE: '1' }
