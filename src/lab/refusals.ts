import { labFault } from './faults.ts'
import { type LabMachine, type LabPlan } from './plan.ts'

/** What a refusal names: a machine, and the lab it is of. */
export interface Refused {
  readonly plan: Pick<LabPlan, 'name' | 'isOnHost'>
  readonly machine: Pick<LabMachine, 'name'>
}

/** Of a machine that shall be started. */
export function runsAlready({ plan, machine }: Refused): Error {
  const [verb, command] = plan.isOnHost ? (['Stop', 'stop'] as const) : (['Kill', 'kill'] as const)
  return labFault('WrongState', `${machine.name} runs already`, {
    hint: `${verb} it first: ${commandOf({ plan, machine }, command)}`,
  })
}

/** Of a machine to which something shall be done that only one that runs feels. */
export function doesNotRun({ plan, machine }: Refused): Error {
  return labFault('WrongState', `${machine.name} does not run`, {
    hint: `Start it: ${commandOf({ plan, machine }, 'start')}`,
  })
}

/** Of what shall be run in a machine. */
export function noCommand({ plan, machine }: Refused, word: string): Error {
  const shell = `${commandOf({ plan, machine }, 'exec')} -- sh`
  return labFault('NoCommand', `there is no command ${word} on ${machine.name}`, {
    hint: `It has the programs of this machine; see what there is: ${shell}`,
  })
}

// Simulated machines of the host's own cloud are started and stopped with `cairn node`.
function commandOf({ plan, machine }: Refused, verb: 'exec' | 'kill' | 'start' | 'stop'): string {
  if (plan.isOnHost && verb !== 'exec') return `cairn node ${verb} ${machine.name}`
  return `cairn lab ${verb} --name ${plan.name} ${machine.name}`
}
