import type { LabHost } from './command.ts'
import { labFault } from './faults.ts'
import { LabFiles, labNames } from './files.ts'
import { SWEEPS_MAX } from './limits.ts'
import { dropControlGroups, killMachines, listMachines } from './machine/container.ts'
import { detachDisk, LIST_DISKS } from './machine/disk.ts'
import { writeSettings } from './machine/settings.ts'
import { LabNames, MARK } from './names.ts'
import { delayDevices } from './network/faults.ts'
import type { LabMachine } from './plan.ts'
import { dropNamespaceMount } from './network/namespaces.ts'
import { checkHost, runOn } from './requirements.ts'

/** What is removed: a whole lab, or one machine of it. */
export interface Remains {
  readonly host: LabHost
  readonly names: LabNames
  readonly files: LabFiles
  readonly machine?: LabMachine | undefined
}

/**
 * Takes a lab away, or a machine of it, whatever of it there is: found by name, so also what was left by a run that was
 * killed, or from before the host was started anew. Answers how much there was. Faults: Failed, when something of it does
 * not go.
 */
export async function removeAll(remains: Remains, signal: AbortSignal): Promise<number> {
  let removed = 0
  for (let sweeps = 0; sweeps < SWEEPS_MAX; sweeps++) {
    const found = await sweep(remains, signal)
    removed += found
    if (found > 0) continue
    await removeFiles(remains, signal)
    return removed
  }
  throw labFault('Failed', `something of ${remains.names.network} does not go`, { hint: 'Try again.' })
}

/** Takes the block devices away whose files begin with a path. Answers how many there were. */
export async function detachDisks(
  { host, path }: { readonly host: LabHost; readonly path: string },
  signal: AbortSignal,
): Promise<number> {
  const lines = (await runOn(host, LIST_DISKS, signal)).split('\n')
  const devices = lines.flatMap(line => {
    const [device = '', file = ''] = line.trim().split(/\s+/, 2)
    return file.startsWith(path) ? [device] : []
  })
  for (const device of devices) await host.run(detachDisk(device), signal)
  return devices.length
}

// Answers how much there was: when there was something, what makes it may have gone on meanwhile.
async function sweep(remains: Remains, signal: AbortSignal): Promise<number> {
  const { host, names, files, machine } = remains
  // Commands in the middle of their work first: they would make more.
  const ended = machine === undefined ? host.endMarked(`${MARK}=${names.lab}`) : 0
  const containers = await dropContainers(remains, signal)
  const spaces = await namespaces(remains, signal)
  for (const space of spaces) await host.run(['ip', 'netns', 'delete', space], signal)
  if (machine !== undefined) await dropDevices(remains, machine, signal)
  const path = machine === undefined ? `${files.folder}/` : files.disk(machine)
  return ended + containers + spaces.length + (await detachDisks({ host, path }, signal))
}

async function dropContainers({ host, names, machine }: Remains, signal: AbortSignal): Promise<number> {
  const lines = (await runOn(host, listMachines(names, 'all'), signal)).split('\n').filter(line => line !== '')
  const all = lines.map(line => line.split(' ')).map(([id = '', name = '']) => ({ id, name }))
  const mine = machine === undefined ? all : all.filter(({ name }) => name === names.container(machine))
  if (mine.length === 0) return 0
  await host.run(killMachines(mine.map(({ name }) => name)), signal)
  await host.run(dropControlGroups(mine.map(({ id }) => id)), signal)
  return mine.length
}

async function namespaces({ host, names, machine }: Remains, signal: AbortSignal): Promise<string[]> {
  const there = (await runOn(host, ['ip', 'netns', 'list'], signal)).split('\n').map(line => line.split(' ')[0] ?? '')
  if (machine === undefined) return there.filter(each => names.isNamespace(each))
  return there.filter(each => each === names.machine(machine) || each === names.nat(machine))
}

// Those of a way that was made slow; they may not be there.
async function dropDevices({ host, names }: Remains, machine: LabMachine, signal: AbortSignal): Promise<void> {
  const devices = [names.port(machine), ...delayDevices(names, machine), `${names.port(machine)}-br`]
  for (const device of devices) await host.run(['ip', '-n', names.network, 'link', 'delete', device], signal)
}

async function removeFiles({ host, files, machine }: Remains, signal: AbortSignal): Promise<void> {
  if (machine !== undefined) {
    host.remove(files.disk(machine))
    files.setUsed(machine)
    return
  }
  host.remove(files.folder)
  if (labNames(host).length > 0) return
  await dropNamespaceMount(host, signal)
  host.remove(host.folder)
}

/** Takes a lab of that name away, and what there is of one. Faults: NotFound, Missing, Failed. */
export async function takeDown(name: string, host: LabHost, signal: AbortSignal): Promise<void> {
  checkHost(host)
  const remains = { host, names: new LabNames(name), files: new LabFiles(name, host) }
  const isKnown = labNames(host).includes(name)
  writeSettings(host)
  const removed = await removeAll(remains, signal)
  if (isKnown || removed > 0) return
  throw labFault('NotFound', `there is no lab ${name}`, { hint: 'See which there are: cairn lab ls' })
}
