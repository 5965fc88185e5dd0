import {
  answerUnary,
  type FilesystemRow,
  filesystemStatus,
  type Handler,
  message,
  nodeDown,
  nodeHealth,
  type NodeStatus,
  nodeStatus,
} from '#rpc'
import { scrubOfAll } from '../disks/scrub-state.ts'
import { cloudOf } from '../cloud-place.ts'
import { done } from '../paths/answer.ts'
import type { OpenFilesystem } from '../storage/filesystems.ts'
import { softwareName } from '../version.ts'
import { healthChecks } from './health.ts'
import { diskStateOf } from './disk.ts'
import type { Parts } from './parts.ts'

/** Methods about this Cairn as a whole. */
export function nodeMethods(parts: Parts): readonly Handler[] {
  const { start, link, world, chunks, filesystems, sessions } = parts
  return [
    answerUnary(nodeStatus, async (_, { signal }) => {
      const { dataFolder, supervisorPid: pid, mountsNothing } = start
      return message({
        software: softwareName(),
        pid,
        dataFolder,
        cloud: cloudHere(parts),
        uptimeMs: start.supervisedMs + Math.round(world.clock.monotonicMs() - parts.openedMs),
        mountsNothing,
        mounts: mountsOf(sessions),
        filesystems: [
          ...(await Promise.all(filesystems.all.map(each => filesystemRow(each, signal)))),
          ...(await remoteRows(parts)),
        ].map(row => ({ ...row, ...whereOf(parts, row.name) })),
        held: { ...chunks.stat().states.held },
        disk: { ...chunks.space(), usedBytes: chunks.stat().segmentBytes },
        disks: parts.disks.reports.map(diskStateOf),
        scrub: scrubOfAll(parts.disks.open.map(({ scrubber }) => scrubber.state)),
      })
    }),
    answerUnary(filesystemStatus, async ({ filesystem }, { signal }) => {
      const row = await filesystemRow(filesystems.get(filesystem), signal)
      const mounts = mountsOf(sessions).filter(mount => mount.filesystem === filesystem)
      return message({ row: { ...row, ...whereOf(parts, filesystem) }, mounts, mountsNothing: start.mountsNothing })
    }),
    answerUnary(nodeHealth, async (_, { signal }) => {
      return message({ checks: await healthChecks(parts, signal) })
    }),
    answerUnary(nodeDown, async () => {
      link.tell({ kind: 'down' })
      return message({ pid: start.supervisorPid, note: parts.pool.shortfall })
    }),
  ]
}

function mountsOf(sessions: Pick<Parts['sessions'], 'mounts'>): NodeStatus['mounts'] {
  return sessions.mounts.map(({ filesystem, path }) => ({ filesystem, path, state: 'serving' }))
}

// Where there are several machines: where it lives, and who has its log.
function whereOf({ replication, peers }: Parts, name: string) {
  const record = peers.machines.map.machines.length > 1 ? replication?.records.of(name) : undefined
  return record === undefined ? {} : { home: record.home, inSync: record.inSync }
}

function cloudHere({ world, start, peers: { isRemoved } }: Parts) {
  const cloud = cloudOf(world.disk, start.dataFolder)
  return cloud === undefined ? undefined : { ...cloud, isRemoved }
}

async function filesystemRow(each: OpenFilesystem, signal: AbortSignal): Promise<FilesystemRow> {
  const { name, filesystem, keyspace } = each
  const { blocksFree, blockBytes } = await done(filesystem.vfs.statFs(), '/')
  const { bytes } = await keyspace.status(signal)
  const { bytesUsed, inodesUsed, bytesMax, inodesMax } = await done(filesystem.quotas.whole(), '/')
  return {
    name,
    metadataBytes: bytes,
    freeBytes: blocksFree * blockBytes,
    id: filesystem.superblock.id,
    bytesUsed,
    inodesUsed,
    bytesMax,
    inodesMax,
    snapshots: Array.from(filesystem.snapshots.list()).length,
    access: { machines: undefined, ...filesystem.access.rules },
  }
}

// Those that live elsewhere, as far as their home answers at once.
async function remoteRows({ filesystems, world }: Parts): Promise<FilesystemRow[]> {
  const rows = (filesystems.elsewhere?.all ?? []).map(async ([name, remote]) => {
    const { superblock, vfs, whole } = remote
    const [{ blocksFree, blockBytes }, held] = await Promise.all([done(vfs.statFs(), '/'), done(whole(), '/')])
    const { bytesUsed, inodesUsed, bytesMax, inodesMax } = held
    const freeBytes = blocksFree * blockBytes
    const { id } = superblock
    const isSilent = remote.isStoodInFor ? true : undefined
    return { name, metadataBytes: 0, freeBytes, id, bytesUsed, inodesUsed, bytesMax, inodesMax, snapshots: 0, isSilent }
  })
  const over = new AbortController()
  const late = world.clock.sleep(REMOTE_ROWS_MS, over.signal).catch(() => undefined)
  const settled = await Promise.all(rows.map(row => Promise.race([row.catch(() => undefined), late])))
  over.abort()
  return settled.flatMap(row => (row === undefined ? [] : [row]))
}

const REMOTE_ROWS_MS = 2_000
