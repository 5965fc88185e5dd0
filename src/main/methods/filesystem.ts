import path from 'node:path'
import {
  answerUnary,
  filesystemAccess,
  filesystemCreate,
  filesystemMount,
  filesystemPromote,
  filesystemRemove,
  filesystemSync,
  filesystemUnmount,
  type Handler,
  message,
} from '#rpc'
import { mainFault } from '../faults.ts'
import { promote } from '../replication/promote.ts'
import type { Parts } from './parts.ts'
import { removeFilesystem } from './remove-filesystem.ts'

/** Methods about whole filesystems. */
export function filesystemMethods(parts: Parts): readonly Handler[] {
  const { filesystems, sessions, link, chunks } = parts
  const mounting = new Set<string>()
  return [
    answerUnary(filesystemCreate, async ({ filesystem }) => {
      await filesystems.create(filesystem)
      return message(undefined)
    }),
    answerUnary(filesystemAccess, async ({ filesystem, to }, { signal }) => {
      const { access } = filesystems.get(filesystem).filesystem
      if (to !== undefined) await access.set(to, signal)
      return message({ ...access.rules })
    }),
    answerUnary(filesystemMount, async ({ filesystem, path: target, isMoved = false }) => {
      filesystems.use(filesystem)
      mounting.add(filesystem)
      try {
        return message({ path: await link.ask({ kind: 'mount', filesystem, path: absolute(target), isMoved }) })
      } finally {
        mounting.delete(filesystem)
      }
    }),
    answerUnary(filesystemRemove, async ({ filesystem, isForced }) => {
      await removeFilesystem(parts, filesystem, { isForced, isMounting: () => mounting.has(filesystem) })
      return message(undefined)
    }),
    answerUnary(filesystemPromote, async (asked, { signal }) => message(await promote(parts, asked, signal))),
    answerUnary(filesystemUnmount, async ({ path: target, filesystem }) => {
      const isThere = sessions.mounts.some(mount => mount.filesystem === filesystem && mount.path === absolute(target))
      if (filesystem !== undefined && !isThere) {
        throw mainFault('NotFound', `${filesystem} is not mounted at ${target} here`)
      }
      return message({ path: await link.ask({ kind: 'unmount', path: absolute(target) }) })
    }),
    answerUnary(filesystemSync, async ({ filesystem }) => {
      await filesystems.use(filesystem).sync()
      await chunks.sync()
      // Whoever ends with a sync, as put and rm do, finds in the mount what was changed beside it.
      await sessions.told(filesystem)
      return message(undefined)
    }),
  ]
}

function absolute(target: string): string {
  if (path.isAbsolute(target)) return path.normalize(target).replace(/(?<=.)\/$/, '')
  throw mainFault('Invalid', `path: "${target}" is no absolute path`, { hint: 'Begin it with /.' })
}
