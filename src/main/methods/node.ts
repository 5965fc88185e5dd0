import {
  answerUnary,
  type CheckRow,
  type FilesystemRow,
  type Handler,
  message,
  nodeDown,
  nodeHealth,
  nodeStatus,
} from '#rpc'
import { done } from '../paths/answer.ts'
import type { OpenFilesystem } from '../storage/filesystems.ts'
import { softwareName } from '../version.ts'
import type { Parts } from './parts.ts'

/** Methods about this Cairn as a whole. */
export function nodeMethods(parts: Parts): readonly Handler[] {
  const { start, link, world, chunks, filesystems, sessions } = parts
  return [
    answerUnary(nodeStatus, async () => {
      const { dataFolder, supervisorPid: pid } = start
      return message({
        software: softwareName(),
        pid,
        dataFolder,
        uptimeMs: Math.round(world.clock.monotonicMs() - parts.openedMs),
        mounts: sessions.mounts.map(({ filesystem, path }) => ({ filesystem, path, state: 'serving' as const })),
        filesystems: await Promise.all(filesystems.all.map(filesystemRow)),
        held: { chunks: chunks.stat().states.held.chunks, bytes: chunks.stat().states.held.bytes },
        disk: chunks.space(),
      })
    }),
    answerUnary(nodeHealth, async (_, { signal }) => {
      const rows = await Promise.all(filesystems.all.map(each => keyspaceCheck(each, signal)))
      return message({ checks: [...chunkChecks(parts), ...rows] })
    }),
    answerUnary(nodeDown, async () => {
      link.tell({ kind: 'down' })
      return message({ pid: start.supervisorPid })
    }),
  ]
}

/** A filesystem in one line. */
export async function filesystemRow({ name, filesystem }: OpenFilesystem): Promise<FilesystemRow> {
  const stat = await done(filesystem.vfs.statFs(), '/')
  const freeBytes = stat.blocksFree * stat.blockBytes
  const files = stat.files - stat.filesFree
  return files > 0 ? { name, files, freeBytes } : { name, freeBytes }
}

function chunkChecks({ chunks }: Parts): readonly CheckRow[] {
  const { states, segments } = chunks.stat()
  const { quarantined, held } = states
  const { totalBytes, freeBytes } = chunks.space()
  const damaged: CheckRow = {
    name: 'chunks',
    state: quarantined.chunks === 0 ? 'ok' : 'fail',
    detail: `${held.chunks} chunks in ${segments} segments, ${quarantined.chunks} damaged`,
    ...(quarantined.chunks === 0
      ? {}
      : { remedy: 'Restore the files that cannot be read from a backup; check the disk.' }),
  }
  const low = freeBytes < totalBytes / 20
  const space: CheckRow = {
    name: 'chunk space',
    state: freeBytes === 0 ? 'fail' : low ? 'warn' : 'ok',
    detail: `${freeBytes} of ${totalBytes} bytes free`,
    ...(low ? { remedy: 'Remove files or give Cairn a larger disk.' } : {}),
  }
  return [damaged, space]
}

async function keyspaceCheck({ name, keyspace }: OpenFilesystem, signal: AbortSignal): Promise<CheckRow> {
  const { revision, durableRevision, keys, bytes } = await keyspace.status(signal)
  const behind = revision - durableRevision
  return {
    name: `log of ${name}`,
    state: 'ok',
    detail: `${keys} keys, ${bytes} bytes, ${behind} revisions not yet durable`,
  }
}
