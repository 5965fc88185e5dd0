import { type DiskReport, diskName } from '#cluster'
import { isJsonObject, type JsonObject, type KubeObject, listAt, textAt } from '#schema'
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

/** The status of a disk by what its machine says; undefined: the machine does not know it. */
export function diskStatus(object: KubeObject, report: DiskReport | undefined, time: string): JsonObject {
  const old: JsonObject = isJsonObject(object['status']) ? object['status'] : {}
  const { generation } = object.metadata
  const observed = generation === undefined ? {} : { observedGeneration: generation }
  const missing = (message: string): JsonObject => {
    return { ...old, phase: 'Missing', message, ...observed, conditions: [readyOf(object, 'Missing', message, time)] }
  }
  if (report === undefined) return missing(UNUSED)
  if (textAt(object, 'spec', 'path') !== report.path) return missing(movedTo(report.path))
  const { id, state, usedMiB, freeMiB, chunks, scrubbedMs } = report
  const disk = { usedBytes: usedMiB * MIB, freeBytes: freeMiB * MIB, totalBytes: (usedMiB + freeMiB) * MIB }
  const room = roomOf(old, { held: { chunks }, disk })
  const scrubbed = scrubbedMs === undefined ? {} : { lastScrubTime: scrubTime(scrubbedMs) }
  const isDraining = report.isDraining === true && (state === 'Ready' || state === 'Full')
  const phase = isDraining ? 'Draining' : state
  const message = report.message ?? MESSAGES[phase]
  return {
    ...old,
    ...room,
    ...scrubbed,
    id,
    phase,
    message,
    ...observed,
    conditions: [readyOf(object, phase, message, time)],
  }
}

// What has not changed keeps its time.
function readyOf(object: KubeObject, phase: Phase, message: string, time: string): JsonObject {
  const status = phase === 'Missing' || phase === 'Failing' ? 'False' : 'True'
  const before = listAt(object, 'status', 'conditions').find(each => textAt(each, 'type') === 'Ready')
  const since = textAt(before, 'status') === status ? textAt(before, 'lastTransitionTime') : undefined
  return { type: 'Ready', status, reason: phase, message, lastTransitionTime: since ?? time }
}

/** True of the object of a disk that its machine had once, and has let go. */
export function isForgotten(object: KubeObject): boolean {
  return textAt(object, 'status', 'id') !== undefined
}

// Whole seconds, as times of objects are; a machine may say anything.
function scrubTime(ms: number): string {
  return `${new Date(Math.min(ms, LAST_MS)).toISOString().slice(0, 19)}Z`
}

const LAST_MS = Date.UTC(9999, 0)

const MIB = 1024 * 1024

type Phase = DiskReport['state'] | 'Draining'

const MESSAGES: Readonly<Record<Phase, string>> = {
  Ready: '',
  Draining: 'what it holds goes to other disks',
  Full: 'nothing more can be written: remove files and snapshots, or give it a larger disk',
  Missing: 'it cannot be found: see that it is connected and mounted',
  Failing: 'it answers wrongly: replace the disk',
}

function movedTo(path: string): string {
  return `the data folder is ${path} now: delete this object, and it is made anew`
}

const UNUSED = 'its machine knows no such disk: on the machine, cairn disk add PATH; delete this object'
