import type { LabHost } from './command.ts'
import { labFault } from './faults.ts'
import type { Lab } from './lab.ts'
import { READY_MS_MAX, READY_POLL_MS, TOKEN_MS_MAX } from './limits.ts'
import type { LabMachine } from './plan.ts'
import { takeDown } from './remains.ts'

/** Says what is done at the moment, for people. */
export type Tell = (step: string) => void

/** A lab, and who hears how it gets on. */
export interface Given {
  readonly lab: Lab
  readonly host: LabHost
  readonly tell: Tell
  /** What a machine tells `cairn` that is new; else it joins the cloud of those that run. */
  readonly firstWords?: readonly string[] | undefined
}

/**
 * Makes a lab and starts its machines: the first is a cloud, which the others join. When that fails nothing of it is left.
 * Faults: those of a lab.
 */
export async function bringUp(given: Given, signal: AbortSignal): Promise<void> {
  const { lab, host, tell } = given
  await lab.check(signal)
  try {
    await host.run(host.program.compile, signal)
    tell(`making networks and disks of ${lab.machines.length}`)
    await lab.make(signal)
    await startAll(given, signal)
  } catch (error) {
    tell('removing what was made')
    await takeDown(lab.name, host, new AbortController().signal)
    throw error
  }
}

async function startAll(given: Given, signal: AbortSignal): Promise<void> {
  const [first, ...others] = given.lab.machines
  if (first === undefined) return
  await startCairn(given, first, signal)
  // All of them are one person's, who is root everywhere.
  await given.lab.try(first, ['cairn', 'fs', 'access', 'home', '--root-squash', 'off'], signal)
  for (const machine of others) await begin(given, machine, signal)
  for (const machine of others) await untilReady(given, machine, signal)
  const controllers = given.lab.machines.filter(({ isController = false }) => isController)
  if (controllers.length < CONTROLLERS_WORKING) return
  for (const machine of controllers) await untilServed(given, machine, signal)
}

// From so many on all of them work; two are one that works and one that waits.
const CONTROLLERS_WORKING = 3

async function untilServed({ lab, host, tell }: Given, machine: LabMachine, signal: AbortSignal): Promise<void> {
  tell(`waiting for the control plane of ${machine.name}`)
  let said = ''
  for (let waitedMs = 0; waitedMs < READY_MS_MAX; waitedMs += READY_POLL_MS) {
    const { code, out, err } = await lab.try(machine, ['cairn', 'status', '-o', 'json'], signal)
    if (code === 0 && /"api": "https:/.test(out)) return
    said = `${out}${err}`
    await host.sleep(READY_POLL_MS, signal)
  }
  throw labFault('Failed', `the control plane of ${machine.name} does not come up: ${said.slice(-300)}`)
}

/** Starts a machine, and with it its Cairn; one whose disk is empty joins the cloud of those that run. Faults: WrongState, Failed. */
export async function startCairn(given: Given, machine: LabMachine, signal: AbortSignal): Promise<void> {
  await begin(given, machine, signal)
  await untilReady(given, machine, signal)
}

async function begin(given: Given, machine: LabMachine, signal: AbortSignal): Promise<void> {
  const { lab, tell } = given
  tell(`starting ${machine.name}`)
  const isNew = lab.isFresh(machine)
  const words = isNew ? (given.firstWords ?? (await firstWords(given, machine, signal))) : ['up']
  await lab.start(machine, words, signal)
}

// The first that runs is a cloud of its own; whoever comes later joins it.
async function firstWords(given: Given, machine: LabMachine, signal: AbortSignal): Promise<readonly string[]> {
  const { lab, host } = given
  const members = (await lab.rows(signal)).filter(row => row.state === 'running' && row.name !== machine.name)
  if (members.length === 0) return ['up']
  let why = ''
  // A control plane takes a moment after its machine answers.
  for (let waitedMs = 0; waitedMs < TOKEN_MS_MAX; waitedMs += READY_POLL_MS) {
    for (const member of members) {
      const { code, out, err } = await lab.try(member, tokenWords(machine), signal)
      if (code === 0) return ['join', out.trim(), '--name', machine.name]
      why = `${member.name}: ${err.trim()}`
    }
    await host.sleep(READY_POLL_MS, signal)
  }
  throw labFault('Failed', `no machine that runs makes a token for ${machine.name}: ${why}`, {
    hint: 'Start the machine that was the first, or another controller.',
  })
}

function tokenWords({ name, isController = false }: LabMachine): readonly string[] {
  return ['cairn', 'token', 'create', '--role', isController ? 'controller' : 'node', '--node', name]
}

/** Waits until the Cairn of a machine that was started answers. Faults: Failed. */
export async function untilReady({ lab, host, tell }: Given, machine: LabMachine, signal: AbortSignal): Promise<void> {
  tell(`waiting for ${machine.name}`)
  let why = ''
  for (let waitedMs = 0; waitedMs < READY_MS_MAX; waitedMs += READY_POLL_MS) {
    const { code, err } = await lab.try(machine, ['cairn', 'status', '-o', 'json'], signal)
    if (code === 0) return lab.markUsed(machine)
    if (!(await lab.isRunning(machine, signal))) {
      throw labFault('Failed', `the Cairn of ${machine.name} ended:\n${await lab.lastWords(machine, signal)}`)
    }
    why = err.trim()
    await host.sleep(READY_POLL_MS, signal)
  }
  throw labFault('Failed', `the Cairn of ${machine.name} does not answer: ${why}`)
}
