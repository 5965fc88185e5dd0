import { andThen } from '#base'
import { type Attributes, ERRNO, type NewNode, type RenameMode } from '#storage/fs'
import { ENTRY_BYTES, kindOfMode, writeEntry, writeNoEntry } from '../codec/attributes.ts'
import { RENAME } from '../codec/flags.ts'
import { BODY, PAYLOAD } from '../codec/header.ts'
import { LINK_IN, MKDIR_IN, MKNOD_IN, RENAME2_IN, RENAME_IN } from '../codec/requests.ts'
import { type Context, callerOf, inoOf, nameAt, nothing, operation, twoNamesAt } from './operation.ts'

/** Encodes an entry reply and counts the lookup it stands for. */
export function encodeEntry(context: Context, attributes: Attributes, out: Buffer): number {
  context.lookups.add(attributes.ino)
  return writeEntry(out, PAYLOAD, attributes, context.vfs.ttlMs)
}

/** LOOKUP: an absent name is an answer too, which the kernel may remember. */
export const lookup = operation<Attributes | undefined>({
  interruptible: true,
  run: ({ vfs }, request) =>
    andThen(vfs.lookup(request.ino, nameAt(request, 0)), answer =>
      answer === ERRNO.ENOENT && vfs.ttlMs > 0 ? undefined : answer,
    ),
  encode: (context, found, out) =>
    found === undefined ? writeNoEntry(out, PAYLOAD, context.vfs.ttlMs) : encodeEntry(context, found, out),
})

/** MKNOD: files, fifos, sockets and devices. */
export const mknod = operation<Attributes>({
  run: (context, request) => {
    const { mode, rdev, umask } = MKNOD_IN.read(request.bytes, BODY)
    const kind = kindOfMode(mode)
    if (kind === undefined) return ERRNO.EINVAL
    const node: NewNode = { kind, mode: mode & 0o7777, rdev }
    return context.vfs.make(request.ino, nameAt(request, MKNOD_IN.size), node, callerOf(request, umask))
  },
  encode: encodeEntry,
  changes: true,
})

/** MKDIR. */
export const mkdir = operation<Attributes>({
  run: ({ vfs }, request) => {
    const { mode, umask } = MKDIR_IN.read(request.bytes, BODY)
    const node: NewNode = { kind: 'directory', mode: mode & 0o7777 }
    return vfs.make(request.ino, nameAt(request, MKDIR_IN.size), node, callerOf(request, umask))
  },
  encode: encodeEntry,
  changes: true,
})

/** SYMLINK: the name, then the target. */
export const symlink = operation<Attributes>({
  run: ({ vfs }, request) => {
    const [name, target] = twoNamesAt(request, 0)
    return vfs.make(request.ino, name, { kind: 'symlink', mode: 0o777, target }, callerOf(request))
  },
  encode: encodeEntry,
  changes: true,
})

/** LINK: the directory is the request's inode. */
export const link = operation<Attributes>({
  run: ({ vfs }, request) => {
    const { oldnodeid } = LINK_IN.read(request.bytes, BODY)
    return vfs.link(inoOf(oldnodeid), request.ino, nameAt(request, LINK_IN.size))
  },
  encode: encodeEntry,
  changes: true,
})

/** UNLINK. */
export const unlink = operation<void>({
  run: ({ vfs }, request) => vfs.remove(request.ino, nameAt(request, 0), 'file'),
  encode: nothing,
  changes: true,
})

/** RMDIR. */
export const rmdir = operation<void>({
  run: ({ vfs }, request) => vfs.remove(request.ino, nameAt(request, 0), 'directory'),
  encode: nothing,
  changes: true,
})

/** RENAME without flags. */
export const rename = operation<void>({
  run: ({ vfs }, request) => {
    const { newdir } = RENAME_IN.read(request.bytes, BODY)
    const [from, to] = twoNamesAt(request, RENAME_IN.size)
    return vfs.rename({ parent: request.ino, name: from }, { parent: inoOf(newdir), name: to }, 'replace')
  },
  encode: nothing,
  changes: true,
})

/** RENAME2: renameat2(2) with NOREPLACE or EXCHANGE; WHITEOUT is refused. */
export const rename2 = operation<void>({
  run: ({ vfs }, request) => {
    const { newdir, flags } = RENAME2_IN.read(request.bytes, BODY)
    const mode = RENAME_MODES.get(flags)
    if (mode === undefined) return ERRNO.EINVAL
    const [from, to] = twoNamesAt(request, RENAME2_IN.size)
    return vfs.rename({ parent: request.ino, name: from }, { parent: inoOf(newdir), name: to }, mode)
  },
  encode: nothing,
  changes: true,
})

const RENAME_MODES: ReadonlyMap<number, RenameMode> = new Map([
  [0, 'replace'],
  [RENAME.NOREPLACE, 'noReplace'],
  [RENAME.EXCHANGE, 'exchange'],
])

/** Where the payload behind an entry starts, for replies that carry more. */
export const BEHIND_ENTRY = PAYLOAD + ENTRY_BYTES
