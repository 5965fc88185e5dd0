export type { LabHost } from './command.ts'
export { machineHost } from './host/machine.ts'
export { type CairnWords, Lab, labNames, type MachineRow } from './lab.ts'
export { type LabMachine, type LabPlan, type LabWishes, millisecondsOf, planOf } from './plan.ts'
