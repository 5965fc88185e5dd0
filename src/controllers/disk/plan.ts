import type { NodeStatus } from '#rpc'
import { isJsonObject, type JsonObject, type KubeObject, textAt } from '#schema'
import { roomOf } from '../pool/plan.ts'

/** A machine's data folder, as an object: it is named as the machine. */
export function ownDisk(nodeName: string, { dataFolder }: Pick<NodeStatus, 'dataFolder'>): JsonObject {
  return {
    apiVersion: 'cairn.dev/v1',
    kind: 'Disk',
    metadata: { name: nodeName },
    spec: { nodeName, path: dataFolder },
  }
}

/** The status of the disk of a machine, in the same steps as that of the pool. */
export function diskStatus(disk: KubeObject, status: NodeStatus): JsonObject {
  const old: JsonObject = isJsonObject(disk['status']) ? disk['status'] : {}
  const isElsewhere = textAt(disk, 'spec', 'path') !== status.dataFolder
  const isFull = status.disk.freeBytes === 0
  const { generation } = disk.metadata
  return {
    ...old,
    ...(isElsewhere ? { phase: 'Missing', message: moved(status) } : { ...roomOf(old, status), ...fullness(isFull) }),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  }
}

/** The status of a disk that nobody made the machine use. */
export function unusedStatus(disk: KubeObject): JsonObject {
  const { generation } = disk.metadata
  return {
    ...(isJsonObject(disk['status']) ? disk['status'] : {}),
    phase: 'Missing',
    message: UNUSED,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  }
}

function fullness(isFull: boolean): JsonObject {
  const message = 'nothing more can be written: remove files and snapshots, or give it a larger disk'
  return isFull ? { phase: 'Full', message } : { phase: 'Ready', message: '' }
}

function moved({ dataFolder }: NodeStatus): string {
  return `the data folder is ${dataFolder} now: delete this object, and it is made anew`
}

const UNUSED = 'Unsupported: a machine keeps everything in its data folder; delete this object'
