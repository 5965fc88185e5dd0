import type { CliHost } from '#cli'
import { addNode, type Lab, type LabMachine, NODES_LAB, nodesLab, removeNode, startCairn } from '#lab'
import { mainFault } from '../faults.ts'
import { labHost } from './host.ts'

type Nodes = CliHost['simulatedNodes']

/** `cairn node create` */
export const create: Nodes['create'] = async (wanted, token, { tell, signal }) => {
  const { address } = await addNode(wanted, { host: labHost(NODES_LAB), tell, token }, signal)
  return address
}

/** Whether `cairn node rm` may remove it. */
export const check: Nodes['check'] = async name => void simulated(name)

/** `cairn node stop` */
export const stop: Nodes['stop'] = async (name, { signal }) => {
  const { lab, machine } = simulated(name)
  await lab.kill(machine, signal)
}

/** `cairn node start` */
export const start: Nodes['start'] = async (name, { tell, signal }) => {
  const { lab, machine } = simulated(name)
  await startCairn({ lab, host: labHost(NODES_LAB), tell }, machine, signal)
}

/** `cairn node rm` */
export const remove: Nodes['remove'] = async (name, { signal }) => {
  const { lab, machine } = simulated(name)
  await removeNode(lab, { host: labHost(NODES_LAB), machine }, signal)
}

function simulated(name: string): { readonly lab: Lab; readonly machine: LabMachine } {
  const lab = nodesLab(labHost(NODES_LAB))
  const machine = lab?.machines.find(each => each.name === name)
  if (lab !== undefined && machine !== undefined) return { lab, machine }
  throw mainFault('NotFound', `${name} is no simulated machine of this one`, {
    hint: 'Real machines leave the cloud with `cairn node remove NAME`; `cairn lab ls` shows the simulated ones.',
  })
}
