import type { Command, LabHost } from './command.ts'
import { labFault } from './faults.ts'
import { DISK_FOLDER, insideMachine, killMachine, startMachine } from './machine/container.ts'
import { attachDisk, detachDisk, disksOf, formatDisk } from './machine/disk.ts'
import { LabNames, PREFIX } from './names.ts'
import { cutBetween, cutOff, delayDevices, delayDown, delayUp, healAll, lose, type Slowness } from './network/faults.ts'
import { networkUp } from './network/up.ts'
import type { LabMachine, LabPlan } from './plan.ts'

/** What a machine of a lab is doing. */
export interface MachineRow extends LabMachine {
  readonly state: 'running' | 'stopped'
}

/** What a machine runs from its start on: the program and its words. */
export type CairnWords = (machine: LabMachine) => readonly string[]

/** A cloud of simulated machines on this one. */
export class Lab {
  readonly plan: LabPlan
  readonly #host: LabHost
  readonly #names: LabNames

  constructor(plan: LabPlan, host: LabHost) {
    this.plan = plan
    this.#host = host
    this.#names = new LabNames(plan.name)
  }

  /** The lab of that name. Faults: NotFound. */
  static open(name: string, host: LabHost): Lab {
    const text = host.readFile(planFile(host, name))
    if (text === undefined) throw labFault('NotFound', `there is no lab ${name}`, { hint: 'Make one: cairn lab up' })
    return new Lab(JSON.parse(text) as LabPlan, host)
  }

  /** Makes network and disks; no machine runs yet. What was begun is noted first, so that {@link down} finds it. Faults: Exists, Missing, Failed. */
  async make(signal: AbortSignal): Promise<void> {
    const { plan } = this
    if (this.#host.readFile(planFile(this.#host, plan.name)) !== undefined) {
      throw labFault('Exists', `there is a lab ${plan.name} already`, {
        hint: `Take it down first: cairn lab down --name ${plan.name}`,
      })
    }
    this.#host.writeFile(planFile(this.#host, plan.name), `${JSON.stringify(plan, undefined, 2)}\n`)
    for (const machine of plan.machines) await this.#makeDisk(machine, signal)
    await this.#all(networkUp(plan, this.#names), signal)
    for (const each of plan.machines) await this.#delay(each, each.latencyMs, signal)
  }

  /** Starts a machine that does not run. Faults: Failed. */
  async start(machine: LabMachine, cairn: readonly string[], signal: AbortSignal): Promise<void> {
    const device = (await this.#run(attachDisk(this.#diskFile(machine)), signal)).trim()
    await this.#run(startMachine(this.plan.name, this.#names, machine, { device, cairn }), signal)
  }

  /** Ends a machine at once, as when its power is cut. */
  async kill(machine: LabMachine, signal: AbortSignal): Promise<void> {
    await this.#run(killMachine(this.#names, machine), signal)
    await this.#detach(machine, signal)
  }

  /** Runs something in a machine, with this terminal; answers its exit code. */
  exec(machine: LabMachine, words: readonly string[], signal: AbortSignal): Promise<number> {
    return this.#host.attach(insideMachine(this.#names, machine, words), signal)
  }

  /** Runs something in a machine; answers what it prints. Faults: Failed. */
  ask(machine: LabMachine, words: readonly string[], signal: AbortSignal): Promise<string> {
    return this.#run(insideMachine(this.#names, machine, words), signal)
  }

  /** Cuts a machine off from all others; or from one, both ways or only what goes there. */
  async cut(
    machine: LabMachine,
    { from, isOneWay = false }: { readonly from?: LabMachine | undefined; readonly isOneWay?: boolean },
    signal: AbortSignal,
  ): Promise<void> {
    const names = this.#names
    await this.#all(from === undefined ? cutOff(names, machine) : cutBetween(names, [machine, from], isOneWay), signal)
  }

  /** Undoes every cut, and every full disk. */
  async heal(signal: AbortSignal): Promise<void> {
    await this.#all(healAll(this.#names, this.plan.machines), signal)
    for (const machine of this.plan.machines) {
      if ((await this.#state(machine, signal)) === 'running') await this.ask(machine, ['rm', '-f', FILLER], signal)
    }
  }

  /** Makes the way to a machine worse, or good again. */
  async slow(machine: LabMachine, { ms, lossPercent }: Slowness, signal: AbortSignal): Promise<void> {
    const link = (verb: string, device: string) =>
      this.#host.run(['ip', '-n', this.#names.network, 'link', verb, device], signal)
    const devices = delayDevices(this.#names, machine)
    if ((await link('show', devices[0])).code === 0) {
      await this.#all(delayDown(this.#names, machine), signal)
      for (const device of devices) await link('delete', device) // the second may be gone with the first
    }
    await this.#delay(machine, ms, signal)
    await this.#all(lose(this.#names, machine, lossPercent), signal)
  }

  async #delay(machine: LabMachine, ms: number, signal: AbortSignal): Promise<void> {
    if (ms === 0) return
    await this.#host.carryLate(this.#names.network, delayDevices(this.#names, machine), ms / 2, signal)
    await this.#all(delayUp(this.#names, machine), signal)
  }

  /** Fills a machine's disk to the last block. */
  async fillDisk(machine: LabMachine, signal: AbortSignal): Promise<void> {
    await this.ask(machine, ['sh', '-c', `cat /dev/zero > ${FILLER} 2>/dev/null; true`], signal)
  }

  /** Makes a machine's disk empty. The machine must not run. */
  async wipe(machine: LabMachine, signal: AbortSignal): Promise<void> {
    await this.#detach(machine, signal)
    this.#host.remove(this.#diskFile(machine))
    await this.#makeDisk(machine, signal)
  }

  async rows(signal: AbortSignal): Promise<MachineRow[]> {
    return Promise.all(
      this.plan.machines.map(async machine => ({ ...machine, state: await this.#state(machine, signal) })),
    )
  }

  /** The machine of that name. Faults: NotFound. */
  machine(name: string): LabMachine {
    const found = this.plan.machines.find(each => each.name === name)
    if (found !== undefined) return found
    const names = this.plan.machines.map(each => each.name).join(', ')
    throw labFault('NotFound', `there is no machine ${name} in lab ${this.plan.name}`, { hint: `There are ${names}.` })
  }

  /** Takes everything away, whatever of it there is: also what a run left that was killed. */
  async down(signal: AbortSignal): Promise<void> {
    const { machines } = this.plan
    for (const machine of machines) await this.kill(machine, signal)
    const spaces = [
      this.#names.network,
      ...machines.flatMap(each => [this.#names.machine(each), this.#names.nat(each)]),
    ]
    const there = await this.#run(['ip', 'netns', 'list'], signal)
    const present = new Set(there.split('\n').map(line => line.split(' ')[0]))
    if (present.has(this.#names.network)) {
      const pids = await this.#run(['ip', 'netns', 'pids', this.#names.network], signal)
      this.#host.end(pids.split('\n').filter(Boolean).map(Number))
    }
    await this.#all(
      spaces.filter(space => present.has(space)).map(space => ['ip', 'netns', 'delete', space]),
      signal,
    )
    this.#host.remove(folderOf(this.#host, this.plan.name))
  }

  async #makeDisk(machine: LabMachine, signal: AbortSignal): Promise<void> {
    const file = this.#diskFile(machine)
    this.#host.makeSparse(file, machine.diskBytes)
    await this.#run(formatDisk(file), signal)
  }

  async #detach(machine: LabMachine, signal: AbortSignal): Promise<void> {
    const devices = await this.#run(disksOf(this.#diskFile(machine)), signal)
    for (const line of devices.split('\n').filter(each => each !== '')) {
      await this.#run(detachDisk(line.slice(0, line.indexOf(':'))), signal)
    }
  }

  async #state(machine: LabMachine, signal: AbortSignal): Promise<MachineRow['state']> {
    const name = this.#names.container(machine)
    const format = '{{.State.Running}}'
    const { out } = await this.#host.run(['podman', 'container', 'inspect', '--format', format, name], signal)
    return out.trim() === 'true' ? 'running' : 'stopped'
  }

  #diskFile({ name }: LabMachine): string {
    return `${folderOf(this.#host, this.plan.name)}/${name}.img`
  }

  async #all(commands: readonly Command[], signal: AbortSignal): Promise<void> {
    for (const command of commands) await this.#run(command, signal)
  }

  async #run(command: Command, signal: AbortSignal): Promise<string> {
    const { code, out, err } = await this.#host.run(command, signal)
    if (code === 0) return out
    throw labFault('Failed', `${command.join(' ')} failed (${code}): ${err.trim().slice(-500)}`)
  }
}

/** The names of all labs there are. */
export function labNames(host: LabHost): string[] {
  return host.list(host.folder).filter(name => host.readFile(planFile(host, name)) !== undefined)
}

const FILLER = `${DISK_FOLDER}/${PREFIX}-filler`

function folderOf(host: LabHost, name: string): string {
  return `${host.folder}/${name}`
}

function planFile(host: LabHost, name: string): string {
  return `${folderOf(host, name)}/lab.json`
}
