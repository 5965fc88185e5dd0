import fs from 'node:fs'
import os from 'node:os'
import { type DiskReport, FORMAT_LEVEL, type MachineReport, type MeshReport } from '#cluster'
import { softwareName } from '../version.ts'
import type { Load } from './load.ts'

/** What a report is made of. */
export interface ReportParts {
  readonly addresses: readonly string[]
  readonly load: Pick<Load, 'cpus' | 'memoryMiB'>
  readonly disks: readonly DiskReport[]
  readonly mesh?: MeshReport | undefined
}

/** What this machine says of itself. */
export function ownReport({ addresses, load, disks, mesh }: ReportParts): MachineReport {
  const { CAIRN_LAB: lab } = process.env
  return {
    software: softwareName(),
    level: FORMAT_LEVEL,
    zone: ownZone(),
    addresses,
    architecture: os.arch(),
    kernel: os.release(),
    os: osName(),
    cpus: load.cpus,
    memoryMiB: load.memoryMiB,
    disks,
    ...(mesh === undefined ? {} : { mesh }),
    ...(lab === undefined || lab === '' ? {} : { lab }),
  }
}

/** Where this machine stands, for copies that shall not be lost together: CAIRN_ZONE. */
export function ownZone(): string {
  return process.env['CAIRN_ZONE'] ?? ''
}

/**
 * Whether a report is worth sending after `told`: everything but figures when it changes at all, figures only by steps, so that
 * an idle machine says nothing.
 */
export function isNews(told: MachineReport | undefined, report: MachineReport): boolean {
  if (told === undefined) return true
  if (JSON.stringify(withoutFigures(told)) !== JSON.stringify(withoutFigures(report))) return true
  return report.disks.some((disk, index) => {
    const before = told.disks[index]
    // Who waits for a disk to be empty is told when it is.
    if (before === undefined || (before.chunks === 0) !== (disk.chunks === 0)) return true
    const step = Math.max(64, disk.capacityMiB / 256)
    if (isStep(before.usedMiB, disk.usedMiB, step) || isStep(before.freeMiB, disk.freeMiB, step)) return true
    return isStep(before.chunks, disk.chunks, Math.max(64, disk.chunks / 64))
  })
}

function isStep(before: number, now: number, step: number): boolean {
  return Math.abs(before - now) >= step
}

function withoutFigures(report: MachineReport) {
  const disks = report.disks.map(({ usedMiB: _used, freeMiB: _free, chunks: _chunks, ...disk }) => disk)
  return { ...report, disks }
}

function osName(): string {
  try {
    const release = fs.readFileSync('/etc/os-release', 'utf8')
    return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(release)?.[1] ?? os.type()
  } catch {
    return os.type() // a machine without os-release(5)
  }
}
