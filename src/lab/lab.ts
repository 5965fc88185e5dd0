import type { Command, LabHost } from './command.ts'
import { labFault } from './faults.ts'
import { LabFiles, labNames } from './files.ts'
import {
  DATA_FOLDER,
  DISK_FOLDER,
  execInMachine,
  insideMachine,
  killMachines,
  lastLines,
  listMachines,
  NO_COMMAND,
  startMachine,
} from './machine/container.ts'
import { attachDisk, filesOnDisk, flipOnDisk, formatDisk, SEGMENTS } from './machine/disk.ts'
import { writeSettings } from './machine/settings.ts'
import { LabNames, MARK } from './names.ts'
import { cutBetween, cutOff, delayDevices, delayDown, delayUp, healAll, lose, type Slowness } from './network/faults.ts'
import { isNamespaceThere, noteNamespaceMount } from './network/namespaces.ts'
import { listLinks, listRules, type WaySigns, type WayTrouble, wayTrouble } from './network/trouble.ts'
import { machineUp, networkUp } from './network/up.ts'
import { type LabMachine, type LabPlan, NETWORK } from './plan.ts'
import { doesNotRun, noCommand, runsAlready } from './refusals.ts'
import { checkHost, runOn } from './requirements.ts'
import { detachDisks, removeAll } from './remains.ts'

/** What a machine of a lab is doing. */
export interface MachineRow extends LabMachine {
  readonly state: 'running' | 'stopped'
  /** Of the first process in it, while it runs. */
  readonly pid?: number | undefined
}

/** What was done to a machine, as it is now. */
export interface MachineTrouble extends WayTrouble {
  readonly isDiskFull: boolean
}

/** A machine that was looked at closely. */
export interface InspectedMachine extends MachineRow {
  readonly trouble: MachineTrouble
}

/** Simulated machines on this one, on a network of their own. */
export class Lab {
  #plan: LabPlan
  readonly #host: LabHost
  readonly #names: LabNames
  readonly #files: LabFiles

  constructor(plan: LabPlan, host: LabHost) {
    this.#plan = plan
    this.#host = host
    this.#names = new LabNames(plan.name)
    this.#files = new LabFiles(plan.name, host)
  }

  /** The lab of that name. Faults: NotFound, Missing. */
  static open(name: string, host: LabHost): Lab {
    checkHost(host)
    const plan = new LabFiles(name, host).readPlan()
    if (plan !== undefined) return new Lab(plan, host)
    throw labFault('NotFound', `there is no lab ${name}`, { hint: 'Make one: cairn lab up. See all: cairn lab ls' })
  }

  /** True when it is known what is in the lab of that name. */
  static isKnown(name: string, host: LabHost): boolean {
    return new LabFiles(name, host).readPlan() !== undefined
  }

  get name(): string {
    return this.#plan.name
  }

  get machines(): readonly LabMachine[] {
    return this.#plan.machines
  }

  /** Refuses what cannot be made here. Faults: Exists, Missing. */
  async check(signal: AbortSignal): Promise<void> {
    const plan = this.#plan
    checkHost(this.#host)
    if (labNames(this.#host).includes(plan.name)) {
      throw labFault('Exists', `there is a lab ${plan.name} already`, {
        hint: `Take it down first: cairn lab down --name ${plan.name}`,
      })
    }
    if (plan.isOnHost) await this.#refuseTakenAddresses(signal)
  }

  /** Makes network and disks; no machine runs yet. What was begun is noted first, so that it is found and removed. Faults: Failed. */
  async make(signal: AbortSignal): Promise<void> {
    const plan = this.#plan
    this.#files.writePlan(plan)
    writeSettings(this.#host)
    noteNamespaceMount(this.#host)
    await Promise.all(plan.machines.map(machine => this.#makeDisk(machine, signal)))
    await this.#all(networkUp(plan, this.#names), signal)
    for (const each of plan.machines) await this.#delay(each, each.latencyMs, signal)
  }

  /** Adds a machine, which does not run yet. Faults: Failed. */
  async add(machine: LabMachine, signal: AbortSignal): Promise<void> {
    this.#write([...this.machines, machine])
    await this.#makeDisk(machine, signal)
    await this.#all(machineUp(machine, this.#names), signal)
  }

  /** Takes a machine away, with its disk. */
  async remove(machine: LabMachine, signal: AbortSignal): Promise<void> {
    await removeAll({ host: this.#host, names: this.#names, files: this.#files, machine }, signal)
    this.#write(this.machines.filter(each => each.name !== machine.name))
  }

  /** Starts a machine; `words` are what it tells `cairn`. Faults: WrongState, Failed. */
  async start(machine: LabMachine, words: readonly string[], signal: AbortSignal): Promise<void> {
    if (await this.isRunning(machine, signal)) throw runsAlready({ plan: this.#plan, machine })
    await this.#end(machine, signal) // what is left of its last life
    const device = (await this.#run(attachDisk(this.#files.disk(machine)), signal)).trim()
    const hosts = new Map(this.machines.filter(each => !each.isBehindNat).map(each => [each.name, each.address]))
    const { program } = this.#host
    await this.#run(startMachine(this.#names, machine, { device, program, words, hosts }), signal)
  }

  /** Ends a machine at once, as when its power is cut. Faults: WrongState. */
  async kill(machine: LabMachine, signal: AbortSignal): Promise<void> {
    await this.#refuseStopped(machine, signal)
    await this.#end(machine, signal)
  }

  /** True until a machine has used its disk: see {@link markUsed}. */
  isFresh(machine: LabMachine): boolean {
    return this.#files.isFresh(machine)
  }

  /** Notes that a machine is of a cloud now, by what is on its disk. */
  markUsed(machine: LabMachine): void {
    this.#files.setUsed(machine)
  }

  /** Runs something in a machine, with this terminal; answers its exit code. Faults: WrongState, NoCommand. */
  async exec(machine: LabMachine, words: readonly string[], signal: AbortSignal): Promise<number> {
    await this.#refuseStopped(machine, signal)
    const { isTerminal } = this.#host
    const code = await this.#host.attach(execInMachine(this.#names, machine, { words, isTerminal }), signal)
    if (code !== NO_COMMAND) return code
    // A command that is there may end so too.
    const [word = ''] = words
    const found = await this.try(machine, ['sh', '-c', 'command -v "$1"', 'sh', word], signal)
    if (found.code === 0) return code
    throw noCommand({ plan: this.#plan, machine }, word)
  }

  /** Runs something in a machine; answers what it prints. Faults: Failed. */
  ask(machine: LabMachine, words: readonly string[], signal: AbortSignal): Promise<string> {
    return this.#run(insideMachine(this.#names, machine, words), signal)
  }

  /** Runs something in a machine; answers how it ended. */
  try(machine: LabMachine, words: readonly string[], signal: AbortSignal) {
    return this.#host.run(insideMachine(this.#names, machine, words), signal)
  }

  /** The last that a machine's Cairn printed. */
  async lastWords(machine: LabMachine, signal: AbortSignal): Promise<string> {
    const { out, err } = await this.#host.run(lastLines(this.#names, machine), signal)
    return `${out}${err}`.trim()
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

  /** Undoes every cut, every loss, every slow way that was not planned, and every full disk. */
  async heal(signal: AbortSignal): Promise<void> {
    await this.#all(healAll(this.#names, this.machines), signal)
    for (const machine of await this.rows(signal)) {
      await this.slow(machine, { ms: machine.latencyMs, lossPercent: 0 }, signal)
      if (machine.state === 'running') await this.ask(machine, ['rm', '-f', FILLER], signal)
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

  /** Fills a machine's disk to the last block. Faults: WrongState. */
  async fillDisk(machine: LabMachine, signal: AbortSignal): Promise<void> {
    await this.#refuseStopped(machine, signal)
    const free = `$(df --output=avail -B1 ${DISK_FOLDER} | tail -n 1)`
    const script = `fallocate -l ${free} ${FILLER}; cat /dev/zero >> ${FILLER}; sync ${FILLER}; true`
    await this.ask(machine, ['sh', '-c', `(${script}) 2>/dev/null`], signal)
  }

  /** Flips bytes of a machine's chunks, whether it runs or not. Answers how many. */
  async corrupt(machine: LabMachine, count: number, signal: AbortSignal): Promise<number> {
    const { program } = this.#host
    const flip = [...program.flip, `${DATA_FOLDER}/${SEGMENTS}`, String(count)]
    const said = (await this.isRunning(machine, signal))
      ? await this.ask(machine, flip, signal)
      : await this.#run(flipOnDisk(this.#files.disk(machine), program, count), signal)
    return Number(said)
  }

  /** Kills a machine and makes its disk empty. */
  async wipe(machine: LabMachine, signal: AbortSignal): Promise<void> {
    await this.#end(machine, signal)
    this.#host.remove(this.#files.disk(machine))
    await this.#makeDisk(machine, signal)
  }

  async rows(signal: AbortSignal): Promise<MachineRow[]> {
    const said = await this.#run(listMachines(this.#names, 'running'), signal)
    const running = new Map(
      said.split('\n').map(line => {
        const [, container = '', pid] = line.split(' ')
        return [container, Number(pid)]
      }),
    )
    return this.machines.map(machine => {
      const pid = running.get(this.#names.container(machine))
      return pid === undefined ? { ...machine, state: 'stopped' } : { ...machine, state: 'running', pid }
    })
  }

  /** The machines with what was done to them; without a network, as after a new start of the host, only their disks tell. */
  async inspected(signal: AbortSignal): Promise<readonly InspectedMachine[]> {
    const machines = await this.rows(signal)
    const signs = isNamespaceThere(this.#host, this.#names.network) ? await this.#waySigns(signal) : undefined
    return await Promise.all(
      machines.map(async row => {
        const way = wayTrouble(this.#names, row, { machines, signs })
        return { ...row, trouble: { ...way, isDiskFull: await this.#isDiskFull(row, signal) } }
      }),
    )
  }

  async isRunning({ name }: LabMachine, signal: AbortSignal): Promise<boolean> {
    return (await this.rows(signal)).some(row => row.name === name && row.state === 'running')
  }

  /** The machine of that name. Faults: NotFound. */
  machine(name: string): LabMachine {
    const found = this.machines.find(each => each.name === name)
    if (found !== undefined) return found
    const names = this.machines.map(each => each.name).join(', ')
    throw labFault('NotFound', `there is no machine ${name} in lab ${this.name}`, { hint: `There are ${names}.` })
  }

  async #refuseStopped(machine: LabMachine, signal: AbortSignal): Promise<void> {
    if (!(await this.isRunning(machine, signal))) throw doesNotRun({ plan: this.#plan, machine })
  }

  async #end(machine: LabMachine, signal: AbortSignal): Promise<void> {
    await this.#run(killMachines([this.#names.container(machine)]), signal)
    await detachDisks({ host: this.#host, path: this.#files.disk(machine) }, signal)
  }

  async #waySigns(signal: AbortSignal): Promise<WaySigns> {
    const { network } = this.#names
    return {
      links: await this.#run(listLinks(network), signal),
      rules: await this.#run(listRules(network), signal),
      carriers: this.#host.marked(`${MARK}=${this.name}`),
    }
  }

  // Of a machine that runs, its own mount tells: the block device may be behind that.
  async #isDiskFull(row: MachineRow, signal: AbortSignal): Promise<boolean> {
    if (row.pid !== undefined) return this.#host.list(`/proc/${row.pid}/root${DISK_FOLDER}`).includes(FILLER_NAME)
    const { out } = await this.#host.run(filesOnDisk(this.#files.disk(row)), signal)
    return out.includes(`/${FILLER_NAME}/`)
  }

  #write(machines: readonly LabMachine[]): void {
    this.#plan = { ...this.#plan, machines }
    this.#files.writePlan(this.#plan)
  }

  async #delay(machine: LabMachine, ms: number, signal: AbortSignal): Promise<void> {
    if (ms === 0) return
    await this.#host.carryLate(this.#names.network, delayDevices(this.#names, machine), ms / 2, signal)
    await this.#all(delayUp(this.#names, machine), signal)
  }

  async #makeDisk(machine: LabMachine, signal: AbortSignal): Promise<void> {
    const file = this.#files.disk(machine)
    this.#files.setFresh(machine)
    this.#host.makeSparse(file, machine.diskBytes)
    await this.#run(formatDisk(file), signal)
  }

  async #refuseTakenAddresses(signal: AbortSignal): Promise<void> {
    const taken = await this.#run(['ip', '-4', '-o', 'addr', 'show', 'to', NETWORK.range], signal)
    const [, device] = /^\d+: (\S+)/.exec(taken) ?? []
    if (device === undefined) return
    throw labFault('Exists', `this machine has an address of ${NETWORK.range} already, at ${device}`, {
      hint: 'Simulated machines need that network: give the interface other addresses.',
    })
  }

  async #all(commands: readonly Command[], signal: AbortSignal): Promise<void> {
    for (const command of commands) await this.#run(command, signal)
  }

  #run(command: Command, signal: AbortSignal): Promise<string> {
    return runOn(this.#host, command, signal)
  }
}

const FILLER_NAME = 'filler'
const FILLER = `${DISK_FOLDER}/${FILLER_NAME}`
