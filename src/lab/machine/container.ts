import type { Command, LabProgram } from '../command.ts'
import { LABEL, type LabNames, MARK } from '../names.ts'
import type { LabMachine } from '../plan.ts'

/** Where a machine has its disk: `data` and `etc` in it are the folders that Cairn uses. */
export const DISK_FOLDER = '/run/cairn-lab'

/** The data folder in a machine. */
export const DATA_FOLDER = '/var/lib/cairn'

/** What a machine does from its start to its end. */
export interface MachineLife {
  /** The block device that is its disk. */
  readonly device: string
  readonly program: LabProgram
  /** What it tells `cairn` at its start. */
  readonly words: readonly string[]
  /** Addresses of machines by their names. */
  readonly hosts: ReadonlyMap<string, string>
}

/**
 * Starts a machine: the host's own root under a layer that is thrown away, a network of its own, limits of memory and
 * processor. Its disk is mounted inside, so that it goes when the machine goes.
 */
export function startMachine(names: LabNames, machine: LabMachine, life: MachineLife): Command {
  const name = names.container(machine)
  const run = ['podman', 'run', '--detach', '--init', '--privileged', '--log-driver', 'k8s-file'] as const
  const called = ['--name', name, '--hostname', machine.name, '--label', `${LABEL}=${names.lab}`]
  const network = ['--network', `ns:/run/netns/${names.machine(machine)}`]
  const hosts = [...life.hosts].flatMap(([host, address]) => ['--add-host', `${host}:${address}`])
  const memory = ['--memory', String(machine.memoryBytes)]
  const cpu =
    machine.cpuWeight === undefined ? ['--cpus', String(machine.cpus)] : ['--cpu-shares', String(machine.cpuWeight)]
  const { folder, cairn } = life.program
  const checkout = ['--volume', `${folder}:${folder}:ro`]
  // Its Cairn says both of itself.
  const marks = ['--env', `${MARK}=${names.lab}`, '--env', `CAIRN_ZONE=${machine.zone}`]
  const begin = ['--rootfs', '/:O', 'sh', '-c', BEGIN, 'sh', life.device, cairn, ...life.words]
  return [...run, ...called, ...network, ...hosts, ...memory, ...cpu, ...checkout, ...marks, ...begin]
}

// The host's own folders of Cairn are hidden below those of the disk.
const BEGIN = [
  `mkdir -p ${DISK_FOLDER} ${DATA_FOLDER} /etc/cairn`,
  `mount "$1" ${DISK_FOLDER}`,
  'shift',
  `mkdir -p -m 700 ${DISK_FOLDER}/data ${DISK_FOLDER}/etc`,
  `mount --bind ${DISK_FOLDER}/data ${DATA_FOLDER}`,
  `mount --bind ${DISK_FOLDER}/etc /etc/cairn`,
  'ln -sf "$1" /usr/local/bin/cairn',
  'cd /',
  'exec "$@"',
].join(' && ')

/** Ends a machine as a power cut of its processes would: at once. What the host has of its disk stays. */
export function killMachines(containers: readonly string[]): Command {
  return ['podman', 'rm', '--force', '--time', '0', '--ignore', ...containers]
}

/** Runs something inside. */
export function insideMachine(names: LabNames, machine: LabMachine, words: readonly string[]): Command {
  return ['podman', 'exec', '--interactive', names.container(machine), ...words]
}

/** The exit code of what cannot be run because it is not there, as shells have it. */
export const NO_COMMAND = 127

/** What somebody runs inside, with their terminal or without one. */
export interface Execution {
  readonly words: readonly string[]
  readonly isTerminal: boolean
}

/** Runs something inside for somebody; a command that is not there ends with {@link NO_COMMAND}, and nothing is said. */
export function execInMachine(names: LabNames, machine: LabMachine, { words, isTerminal }: Execution): Command {
  const terminal = isTerminal ? ['--tty'] : []
  const script = `command -v "$1" > /dev/null || exit ${NO_COMMAND}; exec "$@"`
  const begin = ['sh', '-c', script, 'sh', ...words]
  return ['podman', 'exec', '--interactive', ...terminal, names.container(machine), ...begin]
}

/** Lists the containers of a lab that run, `ID NAME PID` a line; or all there are. */
export function listMachines(names: LabNames, which: 'running' | 'all'): Command {
  const filter = ['--filter', `label=${LABEL}=${names.lab}`] as const
  const list = ['podman', 'ps', '--no-trunc', ...filter, '--format', '{{.ID}} {{.Names}} {{.Pid}}'] as const
  return which === 'all' ? [...list, '--all'] : list
}

/** Removes the control groups that containers leave whose keeper (conmon) was killed. */
export function dropControlGroups(ids: readonly string[]): Command {
  const named = ids.flatMap((id, index) => [...(index === 0 ? [] : ['-o']), '-name', `libpod-*${id}*`])
  return ['find', '/sys/fs/cgroup', '-depth', '-type', 'd', '(', ...named, ')', '-exec', 'rmdir', '{}', ';']
}

/** The last lines that a machine's Cairn printed. */
export function lastLines(names: LabNames, machine: LabMachine): Command {
  return ['podman', 'logs', '--tail', '12', names.container(machine)]
}
