import type { DiskReport } from '#cluster'
import { isJsonObject, type JsonObject, type KubeObject, textAt } from '#schema'
import { roomOf } from '../pool/room.ts'

/** A disk of a machine as an object: the first is called as its machine is, others by their ids too. */
export function newDisk(nodeName: string, disk: DiskReport, at: number): JsonObject {
  return {
    apiVersion: 'cairn.dev/v1',
    kind: 'Disk',
    metadata: { name: diskName(nodeName, disk, at) },
    spec: { nodeName, path: disk.path },
  }
}

export function diskName(nodeName: string, { id }: DiskReport, at: number): string {
  return at === 0 ? nodeName : `${nodeName}-${id.slice(0, 8)}`
}

/** The status of a disk by what its machine says; undefined: the machine has not said anything of late. */
export function diskStatus(object: KubeObject, report: DiskReport | undefined): JsonObject {
  const old: JsonObject = isJsonObject(object['status']) ? object['status'] : {}
  const { generation } = object.metadata
  const observed = generation === undefined ? {} : { observedGeneration: generation }
  if (report === undefined) return { ...old, phase: 'Missing', message: UNUSED, ...observed }
  if (textAt(object, 'spec', 'path') !== report.path) {
    return { ...old, phase: 'Missing', message: movedTo(report.path), ...observed }
  }
  const { id, state, usedMiB, freeMiB, chunks, scrubbedMs } = report
  const disk = { usedBytes: usedMiB * MIB, freeBytes: freeMiB * MIB, totalBytes: (usedMiB + freeMiB) * MIB }
  const room = roomOf(old, { held: { chunks }, disk })
  const scrubbed = scrubbedMs === undefined ? {} : { lastScrubTime: scrubTime(scrubbedMs) }
  return { ...old, ...room, ...scrubbed, id, phase: state, message: MESSAGES[state], ...observed }
}

// Whole seconds, as times of objects are; a machine may say anything.
function scrubTime(ms: number): string {
  return `${new Date(Math.min(ms, LAST_MS)).toISOString().slice(0, 19)}Z`
}

const LAST_MS = Date.UTC(9999, 0)

const MIB = 1024 * 1024

const MESSAGES: Readonly<Record<DiskReport['state'], string>> = {
  Ready: '',
  Full: 'nothing more can be written: remove files and snapshots, or give it a larger disk',
  Missing: 'it cannot be found: see that it is connected and mounted',
  Failing: 'it answers wrongly: drain the machine, and replace the disk',
}

function movedTo(path: string): string {
  return `the data folder is ${path} now: delete this object, and it is made anew`
}

const UNUSED = 'Unsupported: a machine keeps everything in its data folder; delete this object'
