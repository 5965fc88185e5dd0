import type { DiskReport, MapDisk } from '#cluster'
import { CAPACITY_STEPS, DISK_CHUNKS_PERCENT, DISK_NOTHING_PERCENT, DISK_RELIEF_PERCENT } from '../limits.ts'

/**
 * A disk as the map has it. Both its capacity and what it takes change only when they clearly have: each change of the map
 * reaches every machine, and that of a capacity moves groups.
 */
export function mapDisk(report: DiskReport, before: MapDisk | undefined): MapDisk {
  const { id } = report
  return {
    id,
    capacityMiB: capacityOf(report, before),
    quarters: before?.quarters ?? 4,
    takes: takesOf(report, before),
  }
}

/** How full a disk is, in percent of what it offers. */
export function fullPercent({ usedMiB, freeMiB }: Pick<DiskReport, 'usedMiB' | 'freeMiB'>): number {
  const totalMiB = usedMiB + freeMiB
  return totalMiB === 0 ? 100 : (100 * usedMiB) / totalMiB
}

function capacityOf({ state, capacityMiB }: DiskReport, before: MapDisk | undefined): number {
  if (before === undefined) return capacityMiB
  // One that cannot be found says nothing of its size.
  const isNear = Math.abs(before.capacityMiB - capacityMiB) < before.capacityMiB / CAPACITY_STEPS
  return isNear || state === 'Missing' ? before.capacityMiB : capacityMiB
}

function takesOf(report: DiskReport, before: MapDisk | undefined): MapDisk['takes'] {
  if (report.state !== 'Ready') return 'nothing'
  const percent = fullPercent(report)
  const above = (limit: number, isSo: boolean) => percent > limit - (isSo ? DISK_RELIEF_PERCENT : 0)
  if (above(DISK_NOTHING_PERCENT, before?.takes === 'nothing')) return 'nothing'
  const isHeldBack = before !== undefined && before.takes !== 'groups'
  return above(DISK_CHUNKS_PERCENT, isHeldBack) ? 'chunks' : 'groups'
}
