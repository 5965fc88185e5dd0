import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import type { JobName } from '../jobs/index.ts'
import type { Figures, JobInput } from '../jobs/job.ts'
import { run } from '../targets/program.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const CAIRN = join(ROOT, 'bin', 'cairn')
const WORKER = join(ROOT, 'bench', 'worker.ts')
const NAME = 'bench'

/** A machine of the lab. */
export type MachineName = 'm1' | 'm2' | 'm3'

/** Addresses of the machines in the lab's own network. */
export const ADDRESSES: Readonly<Record<MachineName, string>> = {
  m1: '10.0.42.11',
  m2: '10.0.42.12',
  m3: '10.0.42.13',
}

/** The disk of a machine, on which everything measured keeps its data. */
export const DISK = '/var/lib/cairn'

/** Three machines on this one, each with a network namespace and a disk of its own, in which Cairn and its peers run. */
export class LabMachines implements AsyncDisposable {
  readonly #signal: AbortSignal

  static async open(signal: AbortSignal): Promise<LabMachines> {
    const machines = new LabMachines(signal)
    await machines.#cairn(['lab', 'down', '--name', NAME]).catch(() => undefined) // of a run that was killed
    const sizes = ['--memory', '2G', '--cpus', '2', '--disk', '12G']
    await machines.#cairn(['lab', 'up', '--name', NAME, '--machines', '3', '--controllers', '1', ...sizes])
    return machines
  }

  private constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  /** Runs a program on a machine to its end; what it wrote. */
  on(machine: MachineName, command: readonly string[]): Promise<string> {
    return this.#cairn(['lab', 'exec', '--name', NAME, machine, '--', ...command])
  }

  /** The same with a script of the shell. */
  sh(machine: MachineName, script: string): Promise<string> {
    return this.on(machine, ['sh', '-ec', script])
  }

  /** Does a job on a machine. */
  async job(machine: MachineName, name: JobName, input: JobInput): Promise<Figures> {
    const words = [process.execPath, '--no-warnings', WORKER, name, JSON.stringify(input)]
    return JSON.parse(await this.on(machine, words)) as Figures
  }

  /** Runs a script on a machine and answers its seconds, without what it takes to get there. */
  async time(machine: MachineName, script: string): Promise<number> {
    const said = await this.sh(machine, `begin=$(date +%s%N); { ${script}; } >&2; echo $(($(date +%s%N) - begin))`)
    return Number(said.trim()) / 1e9
  }

  /** Waits until each machine has written what a new disk begins with, minutes after its start: nobody has that beside his work again. */
  async settle(): Promise<void> {
    const bytes = `stat -c %s ${DISK}/chunks/ballast 2>/dev/null || echo none`
    const wait = `was=none; until now=$(${bytes}); [ $now != none ] && [ $now = $was ]; do was=$now; sleep 3; done`
    await Promise.all((['m1', 'm2', 'm3'] as const).map(machine => this.sh(machine, wait)))
  }

  /** Writes everything back and empties the caches of the kernel, which all machines share. */
  async chill(): Promise<void> {
    await run(['sync'], { signal: this.#signal })
    writeFileSync('/proc/sys/vm/drop_caches', '3')
  }

  /** Makes the way to a machine and back longer; `0ms` as it was. */
  async slow(machine: MachineName, latency: string): Promise<void> {
    await this.#cairn(['lab', 'slow', '--name', NAME, machine, '--latency', latency])
  }

  /** Empties the disk of a machine and has it join again. */
  async wipe(machine: MachineName): Promise<void> {
    await this.#cairn(['lab', 'wipe', '--name', NAME, machine])
    await this.#cairn(['lab', 'start', '--name', NAME, machine])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run([CAIRN, 'lab', 'down', '--name', NAME])
  }

  #cairn(words: readonly string[]): Promise<string> {
    return run([CAIRN, ...words], { signal: this.#signal })
  }
}
