export { bringUp, type Given, startCairn, type Tell } from './cloud.ts'
export type { LabHost } from './command.ts'
export { labNames } from './files.ts'
export { type MachineHost, machineHost } from './host/machine.ts'
export { Lab, type MachineRow } from './lab.ts'
export { addNode, isSimulated, nodesLab, removeNode, withNodes } from './nodes.ts'
export {
  checkLabName,
  type LabMachine,
  type LabPlan,
  type LabWishes,
  millisecondsOf,
  type NodeWishes,
  NODES_LAB,
  planOf,
  usualControllers,
} from './plan.ts'
export { takeDown } from './remains.ts'
export { checkHost } from './requirements.ts'
