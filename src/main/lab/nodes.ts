import type { CliHost } from '#cli'
import {
  addNode,
  isSimulated,
  type Lab,
  type LabMachine,
  NODES_LAB,
  nodesLab,
  removeNode,
  startCairn,
  withNodes,
} from '#lab'
import { mainFault } from '../faults.ts'
import { labHost } from './host.ts'

type Nodes = CliHost['simulatedNodes']

/** `cairn node create` */
export const create: Nodes['create'] = async (wanted, token, { tell, signal }) => {
  const host = labHost(NODES_LAB)
  const { address } = await withNodes(host, () => addNode(wanted, { host, tell, token }, signal))
  return address
}

/** Whether it is a simulated machine of this one. */
export const has: Nodes['has'] = async name => isSimulated(labHost(NODES_LAB), name)

/** Whether `cairn node rm` may remove it. */
export const check: Nodes['check'] = async name => void simulated(name)

/** `cairn node stop` */
export const stop: Nodes['stop'] = async (name, { signal }) => {
  await withNodes(labHost(NODES_LAB), () => {
    const { lab, machine } = simulated(name)
    return lab.kill(machine, signal)
  })
}

/** `cairn node start` */
export const start: Nodes['start'] = async (name, { tell, signal }) => {
  const host = labHost(NODES_LAB)
  await withNodes(host, () => {
    const { lab, machine } = simulated(name)
    return startCairn({ lab, host, tell }, machine, signal)
  })
}

/** `cairn node rm` */
export const remove: Nodes['remove'] = async (name, { signal }) => {
  const host = labHost(NODES_LAB)
  await withNodes(host, () => {
    const { lab, machine } = simulated(name)
    return removeNode(lab, { host, machine }, signal)
  })
}

function simulated(name: string): { readonly lab: Lab; readonly machine: LabMachine } {
  const lab = nodesLab(labHost(NODES_LAB))
  const machine = lab?.machines.find(each => each.name === name)
  if (lab !== undefined && machine !== undefined) return { lab, machine }
  throw mainFault('NotFound', `${name} is no simulated machine of this one`, {
    hint: 'Real machines leave the cloud with `cairn node remove NAME`; `cairn lab ls` shows the simulated ones.',
  })
}
