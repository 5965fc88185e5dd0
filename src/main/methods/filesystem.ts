import path from 'node:path'
import {
  answerUnary,
  filesystemCreate,
  filesystemMount,
  filesystemSync,
  filesystemUnmount,
  type Handler,
  message,
} from '#rpc'
import { mainFault } from '../faults.ts'
import type { Parts } from './parts.ts'

/** Methods about whole filesystems. */
export function filesystemMethods({ filesystems, sessions, link, chunks }: Parts): readonly Handler[] {
  return [
    answerUnary(filesystemCreate, async ({ filesystem }) => {
      await filesystems.create(filesystem)
      return message(undefined)
    }),
    answerUnary(filesystemMount, async ({ filesystem, path: target }) => {
      filesystems.get(filesystem)
      return message({ path: await link.ask({ kind: 'mount', filesystem, path: absolute(target) }) })
    }),
    answerUnary(filesystemUnmount, async ({ path: target }) => {
      return message({ path: await link.ask({ kind: 'unmount', path: absolute(target) }) })
    }),
    answerUnary(filesystemSync, async ({ filesystem }) => {
      await filesystems.get(filesystem).filesystem.sync()
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
