import type { Command } from '../command.ts'
import type { LabNames } from '../names.ts'
import type { LabMachine } from '../plan.ts'

/** Where a machine has its disk, and on it the data folder of its Cairn. */
export const DISK_FOLDER = '/var/lib/cairn'

/** Marks the containers of labs, with the lab's name. */
export const LAB_LABEL = 'dev.cairn.lab'

/** What a machine does from its start to its end. */
export interface MachineLife {
  /** The block device that is its disk. */
  readonly device: string
  /** The program it runs, and its words. */
  readonly cairn: readonly string[]
}

/**
 * Starts a machine: the host's own root under a layer that is thrown away, a network of its own, limits of memory and
 * processor. Its disk is mounted inside, so that it goes when the machine goes.
 */
export function startMachine(lab: string, names: LabNames, machine: LabMachine, life: MachineLife): Command {
  const name = names.container(machine)
  const run = [
    'podman',
    'run',
    '--detach',
    '--init',
    '--privileged',
    '--name',
    name,
    '--hostname',
    machine.name,
  ] as const
  const marks = ['--label', `${LAB_LABEL}=${lab}`, '--network', `ns:/run/netns/${names.machine(machine)}`]
  const limits = ['--memory', String(machine.memoryBytes), '--cpus', String(machine.cpus)]
  // Folders of its own in the layer: the host's may hold a cloud.
  const folders = ['--tmpfs', `${DISK_FOLDER}:mode=700`, '--tmpfs', '/etc/cairn:mode=700']
  const places = ['--env', `CAIRN_DATA=${DISK_FOLDER}/data`, '--env', `CAIRN_MASTER_KEY=${DISK_FOLDER}/master.key`]
  const script = `mount ${life.device} ${DISK_FOLDER} && exec "$@"`
  const rest = ['--rootfs', '/:O', 'sh', '-c', script, 'sh', ...life.cairn]
  return [...run, ...marks, ...limits, ...folders, ...places, ...rest]
}

/** Ends a machine as a power cut of its processes would: at once. What the host has of its disk stays. */
export function killMachine(names: LabNames, machine: LabMachine): Command {
  return ['podman', 'rm', '--force', '--time', '0', '--ignore', names.container(machine)]
}

/** Runs something inside. */
export function insideMachine(names: LabNames, machine: LabMachine, words: readonly string[]): Command {
  return ['podman', 'exec', '--interactive', names.container(machine), ...words]
}
