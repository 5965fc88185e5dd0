import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { whyOf } from '#base'
import { bringUp, Lab, type LabWishes, labNames, machineHost, planOf, startCairn, takeDown } from '#lab'
import { whenAborted } from '../cloud/aborted.ts'
import { type CliResult, PROGRAM } from '../cloud/cli.ts'
import { isAlive, type Patience, until } from '../cloud/processes.ts'

/** What a test asks of its lab; machines have 512 MiB and a disk of 2 GiB when it says nothing. */
export type TestLabWishes = Partial<Omit<LabWishes, 'name'>>

/** Labs of tests, beside those of people. */
export const LABS = join(tmpdir(), 'cairn-test-labs')

/** Makes a lab that is one cloud: machines m1, m2, …; hold it with `await using`. Disposing it leaves nothing behind. */
export async function startLab(wishes: TestLabWishes = {}): Promise<TestLab> {
  const name = `t${process.pid}`
  const host = hostOf(name)
  await removeAbandoned()
  const plan = planOf({ name, machines: 3, memory: '512M', cpus: 1, disk: '2G', ...wishes }, host.processors)
  const lab = new Lab(plan, host)
  await bringUp({ lab, host, tell: () => undefined }, patient())
  return new TestLab(lab)
}

/** A lab for a test. Machines are called by their names. */
export class TestLab implements AsyncDisposable {
  readonly lab: Lab
  readonly #guard: Disposable

  constructor(lab: Lab) {
    this.lab = lab
    const env = { ...process.env, CAIRN_LABS: LABS }
    const words = [PROGRAM, 'lab', 'down', '--name', lab.name]
    this.#guard = whenAborted(() => void spawnSync(process.execPath, words, { env, timeout: 60_000 }))
  }

  /** Runs `cairn` in a machine until it ends; never throws because of its exit code. */
  cairn(machine: string, ...words: readonly string[]): Promise<CliResult> {
    return this.run(machine, 'cairn', ...words)
  }

  /** Runs anything in a machine until it ends. */
  run(machine: string, ...words: readonly string[]): Promise<CliResult> {
    return this.lab.try(this.lab.machine(machine), words, patient())
  }

  /** The machines of the cloud and their states, as one of them knows them: `m1 Online`. */
  async states(machine: string): Promise<readonly string[]> {
    const { code, out, err } = await this.cairn(machine, 'node', 'ls', '-o', 'json')
    if (code !== 0) throw new Error(err)
    const { nodes } = JSON.parse(out) as {
      readonly nodes: readonly { readonly name: string; readonly state: string }[]
    }
    return nodes.map(({ name, state }) => `${name} ${state}`).sort()
  }

  /** Waits until a machine knows all machines of the lab as Online. */
  untilOnline(machine: string): Promise<void> {
    const all = this.lab.machines.map(({ name }) => `${name} Online`).sort()
    return this.until(`${machine} sees all Online`, async () => (await this.states(machine)).join() === all.join())
  }

  /** Runs a line of sh in a machine; answers what it prints. Throws when it does not end well. */
  sh(machine: string, line: string): Promise<string> {
    return this.lab.ask(this.lab.machine(machine), ['sh', '-ec', line], patient())
  }

  /** Waits until something holds; what a look throws counts as no, for machines come and go. In vain, it throws with what they said last. */
  async until(what: string, holds: () => Promise<boolean>, timeoutMs?: Patience['timeoutMs']): Promise<void> {
    try {
      await until(() => holds().catch(() => false), { what, timeoutMs })
    } catch (error) {
      const said = this.lab.machines.map(
        async machine => `${machine.name}: ${await this.lab.lastWords(machine, patient())}`,
      )
      throw new Error([whyOf(error), ...(await Promise.all(said))].join('\n'), { cause: error })
    }
  }

  /** Ends a machine at once, as a power cut does. */
  kill(machine: string): Promise<void> {
    return this.lab.kill(this.lab.machine(machine), patient())
  }

  /** Starts a machine that was killed, and waits until its Cairn answers; one that was wiped joins again. */
  start(machine: string): Promise<void> {
    const { lab } = this
    return startCairn({ lab, host: hostOf(lab.name), tell: () => undefined }, lab.machine(machine), patient())
  }

  /** Cuts a machine off from all others, or both ways from one. */
  cut(machine: string, from?: string): Promise<void> {
    const { lab } = this
    return lab.cut(lab.machine(machine), { from: from === undefined ? undefined : lab.machine(from) }, patient())
  }

  /** Undoes cuts, losses and full disks. */
  heal(): Promise<void> {
    return this.lab.heal(patient())
  }

  /** Makes the way to a machine slow or lossy. */
  slow(machine: string, { ms = 0, lossPercent = 0 }: { readonly ms?: number; readonly lossPercent?: number }) {
    return this.lab.slow(this.lab.machine(machine), { ms, lossPercent }, patient())
  }

  /** Fills the disk of a machine that runs; {@link heal} gives the room back. */
  fillDisk(machine: string): Promise<void> {
    return this.lab.fillDisk(this.lab.machine(machine), patient())
  }

  /** Flips bytes in the chunks of a machine; answers how many. */
  corrupt(machine: string, count = 16): Promise<number> {
    return this.lab.corrupt(this.lab.machine(machine), count, patient())
  }

  /** Kills a machine and empties its disk. */
  wipe(machine: string): Promise<void> {
    return this.lab.wipe(this.lab.machine(machine), patient())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await takeDown(this.lab.name, hostOf(this.lab.name), patient())
    this.#guard[Symbol.dispose]()
  }
}

function hostOf(lab: string) {
  return machineHost({ lab, folder: LABS, checkout: join(import.meta.dirname, '..', '..') })
}

// What tests left behind that were killed: their process is in the name of the lab.
async function removeAbandoned(): Promise<void> {
  for (const name of labNames(hostOf(''))) {
    if (!isAlive(Number(name.slice(1)))) await takeDown(name, hostOf(name), patient())
  }
}

function patient(): AbortSignal {
  return AbortSignal.timeout(180_000)
}
