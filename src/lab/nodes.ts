import { startCairn, type Tell } from './cloud.ts'
import type { LabHost } from './command.ts'
import { labFault } from './faults.ts'
import { LabFiles, labNames } from './files.ts'
import { Lab } from './lab.ts'
import { type LabMachine, NETWORK, NODES_LAB, type NodeWishes, nodeOf } from './plan.ts'
import { takeDown } from './remains.ts'
import { checkHost } from './requirements.ts'

/** How a simulated machine gets into the cloud of the host. */
export interface Joining {
  readonly host: LabHost
  readonly tell: Tell
  /** Makes a token that names an address of the host, which is there by then. */
  token(address: string): Promise<string>
}

/** The lab of the machines that are of the host's own cloud; undefined: there are none. Faults: Missing. */
export function nodesLab(host: LabHost): Lab | undefined {
  checkHost(host)
  const plan = new LabFiles(NODES_LAB, host).readPlan()
  return plan === undefined ? undefined : new Lab(plan, host)
}

/** True for a machine that is simulated here, in the host's own cloud, whether it could be changed now or not. */
export function isSimulated(host: LabHost, name: string): boolean {
  const { machines = [] } = new LabFiles(NODES_LAB, host).readPlan() ?? {}
  return machines.some(each => each.name === name)
}

/** Works on the machines of the host's own cloud while nobody else does. Faults: WrongState, Missing, those of the work. */
export async function withNodes<Result>(host: LabHost, work: () => Promise<Result>): Promise<Result> {
  checkHost(host)
  using lock = host.lock(`${host.folder}/nodes.lock`)
  if (lock === undefined) {
    throw labFault('WrongState', 'another command changes the simulated machines at this moment', {
      hint: 'Try again when it has ended.',
    })
  }
  try {
    return await work()
  } finally {
    if (labNames(host).length === 0) host.remove(host.folder)
  }
}

/** Makes a machine and lets it join the host's cloud; when that fails, nothing of it is left. Faults: Invalid, Exists, Missing, Failed. */
export async function addNode(wishes: NodeWishes, joining: Joining, signal: AbortSignal): Promise<LabMachine> {
  const { host, tell } = joining
  const there = nodesLab(host)
  const isFirst = there === undefined
  const lab = there ?? new Lab({ version: 1, name: NODES_LAB, isOnHost: true, machines: [] }, host)
  const machine = nodeOf(wishes, lab.machines)
  if (isFirst) await lab.check(signal)
  try {
    tell(`making network and disk of ${machine.name}`)
    if (isFirst) await lab.make(signal)
    await lab.add(machine, signal)
    const words = ['join', await joining.token(NETWORK.address), '--name', machine.name]
    await startCairn({ lab, host, tell, firstWords: words }, machine, signal)
    return machine
  } catch (error) {
    await removeNode(lab, { host, machine }, new AbortController().signal)
    throw error
  }
}

/** Takes a machine away with its disk, and with the last one the network. */
export async function removeNode(
  lab: Lab,
  { host, machine }: { readonly host: LabHost; readonly machine: LabMachine },
  signal: AbortSignal,
): Promise<void> {
  if (lab.machines.every(each => each.name === machine.name)) return takeDown(NODES_LAB, host, signal)
  await lab.remove(machine, signal)
}
