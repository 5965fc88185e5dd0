import { type ByteString, textOf } from '#base'
import {
  answerDownload,
  answerUnary,
  type EntryRow,
  type FileRow,
  fileDescribe,
  fileLink,
  fileList,
  fileMake,
  fileRemove,
  fileSet,
  fileStat,
  type Handler,
  message,
} from '#rpc'
import type { Attributes, Cookie, DirectoryEntry, Vfs } from '#storage/fs'
import { mainFault } from '../faults.ts'
import { done } from '../paths/answer.ts'
import type { Changes } from '../paths/changes.ts'
import { below, isPartialName } from '../paths/names.ts'
import { removeTree } from '../paths/remove.ts'
import { find, placeOf } from '../paths/resolve.ts'
import { at, atHome } from './at.ts'
import type { Parts } from './parts.ts'

/** Methods about single files and directories. */
export function fileMethods(parts: Parts): readonly Handler[] {
  return [
    answerUnary(fileStat, async ({ place, follow }) => {
      const { vfs, path } = at(parts, place)
      return message(await fileRow(vfs, await find(vfs, path, follow ? 'all' : 'parents'), path))
    }),
    answerUnary(fileDescribe, async ({ place, cid: wanted }, { signal }) => {
      const { vfs } = at(parts, place)
      const { filesystem, path } = atHome(parts, place)
      const { ino } = await find(vfs, path, 'parents')
      const stat = await done(filesystem.stat(ino, { cid: wanted }, signal), path)
      const { attributes, cid, ...rest } = stat
      const named = cid?.ok === true ? { cid: cid.text } : { noCid: cid?.reason }
      return message({ ...(await fileRow(vfs, attributes, path)), ...rest, ...named })
    }),
    answerDownload(fileList, async function* ({ place }, { signal }) {
      const { vfs, path } = at(parts, place)
      for await (const entry of entriesOf(vfs, path)) {
        signal.throwIfAborted()
        yield message(entry)
      }
      return message(undefined)
    }),
    answerUnary(fileMake, async ({ place, kind, target, ...looks }) => {
      const { changes, vfs, path } = at(parts, place)
      return message(await fileRow(vfs, await make(changes, path, { kind, target, looks }), path))
    }),
    answerUnary(fileSet, async ({ place, ...looks }) => {
      const { changes, vfs, path } = at(parts, place)
      return message(await fileRow(vfs, await setLooks(changes, await find(vfs, path, 'parents'), looks, path), path))
    }),
    answerUnary(fileLink, async ({ from, to }) => {
      if (from.filesystem !== to.filesystem) {
        throw mainFault('Invalid', 'to: a link stays in its filesystem', {
          hint: `Link to a place in ${from.filesystem}.`,
        })
      }
      const { changes, vfs, path } = at(parts, to)
      const { ino } = await find(vfs, from.path, 'parents')
      const { place, attributes } = await placeOf(vfs, path)
      if (attributes?.ino !== ino) await changes.link(ino, place, path)
      return message(undefined)
    }),
    answerUnary(fileRemove, async ({ place, recursive }, { signal }) => {
      const { changes, path } = at(parts, place)
      return message({ removed: await removeTree(changes, path, { recursive, signal }) })
    }),
  ]
}

/** Owner, mode and time wanted of a file. */
export interface Looks {
  readonly mode?: number | undefined
  readonly uid?: number | undefined
  readonly gid?: number | undefined
  readonly mtimeNs?: bigint | undefined
}

/** Gives a file its looks; the owner first, because that clears setuid, and as far as this machine may. */
export async function setLooks(
  changes: Changes,
  file: Attributes,
  looks: Looks,
  path: ByteString,
): Promise<Attributes> {
  const { uid, gid, mode, mtimeNs } = looks
  let seen = file
  const isOther = (uid ?? file.uid) !== file.uid || (gid ?? file.gid) !== file.gid
  if (isOther) seen = (await changes.give(file.ino, { uid, gid }, path)) ?? file
  const rest = { mode: file.kind === 'symlink' ? undefined : mode, mtime: mtimeNs }
  if (rest.mode !== undefined || rest.mtime !== undefined) seen = await changes.set(file.ino, rest, path)
  return seen
}

interface Wanted {
  readonly kind: 'directory' | 'symlink' | 'fifo'
  readonly target: string | undefined
  readonly looks: Looks
}

async function make(changes: Changes, path: ByteString, { kind, target, looks }: Wanted): Promise<Attributes> {
  const { vfs } = changes
  if (kind === 'directory' && /^\/*$/.test(path)) return find(vfs, path, 'all')
  const { place, attributes: there } = await placeOf(vfs, path)
  if (there !== undefined && there.kind === 'directory' && kind === 'directory') return there
  if (there?.kind === 'fifo' && kind === 'fifo') return setLooks(changes, there, looks, path)
  if (there !== undefined && there.kind === 'symlink' && kind === 'symlink') {
    if ((await done(vfs.readLink(there.ino), path)) === target) return setLooks(changes, there, looks, path)
    await changes.remove(place, 'file', path)
  } else if (there !== undefined && kind === 'directory' && there.kind === 'symlink') {
    return find(vfs, path, 'all')
  } else if (there !== undefined && kind === 'directory') {
    throw mainFault('WrongKind', `${textOf(path)} is no directory`, {
      hint: 'Choose another name, or remove it first.',
    })
  }
  const node = { kind, mode: looks.mode ?? (kind === 'directory' ? 0o755 : 0o644), target }
  const made = await changes.make(place, node, path)
  return setLooks(changes, made, looks, path)
}

async function* entriesOf(vfs: Vfs, path: ByteString): AsyncGenerator<EntryRow> {
  const directory = await find(vfs, path, 'all')
  for (let after = 0 as Cookie; ; ) {
    const page: DirectoryEntry[] = []
    const take = (entry: DirectoryEntry) => page.push(entry) < ENTRIES_PAGE
    await done(vfs.list(directory.ino, after, { attributes: true, take }), path)
    for (const { name, attributes } of page) {
      if (attributes === undefined || name === '.' || name === '..' || isPartialName(name)) continue
      yield { name, ...(await fileRow(vfs, attributes, below(path, name))) }
    }
    const last = page.at(-1)
    if (last === undefined || page.length < ENTRIES_PAGE) return
    after = last.cookie
  }
}

async function fileRow(vfs: Vfs, attributes: Attributes, path: ByteString): Promise<FileRow> {
  if (attributes.kind !== 'symlink') return attributes
  return { ...attributes, target: await done(vfs.readLink(attributes.ino), path) }
}

const ENTRIES_PAGE = 256
