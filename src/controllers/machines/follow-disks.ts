import { type DiskReport, diskName } from '#cluster'
import { ifFault } from '#client'
import { isSameJson, type KubeObject, textAt } from '#schema'
import { DISKS } from '../resources.ts'
import { timeText } from '../loop/times.ts'
import { diskStatus, isForgotten, newDisk } from './disk-objects.ts'
import type { MachineWork } from './reconcile.ts'

/** Makes the Disk objects of a machine what it says of its disks. */
export async function followDisks(
  work: MachineWork,
  nodeName: string,
  reports: readonly DiskReport[],
  signal: AbortSignal,
): Promise<void> {
  const { client } = work.parts
  const named = new Map(reports.map((report, at) => [diskName(nodeName, report, at), { report, at }]))
  const objects = new Map((await disksOf(work, nodeName, signal)).map(disk => [disk.metadata.name, disk]))
  for (const [name, { report, at }] of named) {
    if (objects.has(name)) continue
    const made = await client.create(DISKS, newDisk(nodeName, report, at), signal).catch(ifFault('AlreadyExists'))
    if (made !== undefined) objects.set(name, made)
  }
  const time = timeText(work.parts.world.clock)
  for (const [name, object] of objects) {
    const report = named.get(name)?.report
    if (report === undefined && isForgotten(object)) {
      await remove(work, object, signal)
      continue
    }
    const status = diskStatus(object, report, time)
    if (isSameJson(object['status'], status)) continue
    // Who changed it meanwhile is looked at with the next word of the machine.
    await client.updateStatus(DISKS, { ...object, status }, signal).catch(ifFault('Conflict'))
  }
}

/** Deletes the Disk objects of a machine that is leaving. */
export async function forgetDisks(work: MachineWork, nodeName: string, signal: AbortSignal): Promise<void> {
  for (const disk of await disksOf(work, nodeName, signal)) await remove(work, disk, signal)
}

async function remove({ parts }: MachineWork, { metadata }: KubeObject, signal: AbortSignal): Promise<void> {
  const { name, uid } = metadata
  await parts.client.delete(DISKS, { name }, { uid }, signal).catch(ifFault('NotFound'))
}

async function disksOf({ disks }: MachineWork, nodeName: string, signal: AbortSignal): Promise<readonly KubeObject[]> {
  await disks.synced(signal)
  return disks.all().filter(disk => textAt(disk, 'spec', 'nodeName') === nodeName)
}
