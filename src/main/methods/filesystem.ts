import path from 'node:path'
import {
  answerUnary,
  filesystemCreate,
  filesystemList,
  filesystemMount,
  filesystemSync,
  filesystemUnmount,
  type Handler,
  message,
} from '#rpc'
import { mainFault } from '../faults.ts'
import { filesystemRow } from './node.ts'
import type { Parts } from './parts.ts'

/** Methods about whole filesystems. */
export function filesystemMethods({ filesystems, link, chunks }: Parts): readonly Handler[] {
  return [
    answerUnary(filesystemCreate, async ({ filesystem }) => {
      await filesystems.create(filesystem)
      return message(undefined)
    }),
    answerUnary(filesystemList, async () => {
      return message({ filesystems: await Promise.all(filesystems.all.map(filesystemRow)) })
    }),
    answerUnary(filesystemMount, async ({ filesystem, path: target }) => {
      filesystems.get(filesystem)
      await link.ask({ kind: 'mount', filesystem, path: absolute(target) })
      return message(undefined)
    }),
    answerUnary(filesystemUnmount, async ({ path: target }) => {
      await link.ask({ kind: 'unmount', path: absolute(target) })
      return message(undefined)
    }),
    answerUnary(filesystemSync, async ({ filesystem }) => {
      await filesystems.get(filesystem).filesystem.sync()
      await chunks.sync()
      return message(undefined)
    }),
  ]
}

function absolute(target: string): string {
  if (path.isAbsolute(target)) return path.normalize(target).replace(/(?<=.)\/$/, '')
  throw mainFault('Invalid', `path: "${target}" is no absolute path`, { hint: 'Begin it with /.' })
}
