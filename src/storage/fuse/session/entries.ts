import { andThen } from '#base'
import { type Attributes, ERRNO, type NewNode, type RenameMode, type Reply, type Vfs } from '#storage/fs'
import { ENTRY_BYTES, kindOfMode, writeEntry, writeNoEntry } from '../codec/attributes.ts'
import { RENAME } from '../codec/flags.ts'
import { BODY, PAYLOAD } from '../codec/header.ts'
import { LINK_IN, MKDIR_IN, MKNOD_IN, RENAME2_IN, RENAME_IN } from '../codec/requests.ts'
import { type Context, callerOf, inoOf, nameAt, nothing, operation, type Request, withName } from './operation.ts'

/** Encodes an entry reply and counts the lookup it stands for. */
export function encodeEntry(context: Context, attributes: Attributes, out: Buffer): number {
  context.lookups.add(attributes.ino)
  return writeEntry(out, PAYLOAD, context.ids.shown(attributes), context.vfs.ttlMs)
}

/** LOOKUP: an absent name is an answer too, which the kernel may remember. */
export const lookup = operation<Attributes | undefined>({
  interruptible: 'dying',
  run: ({ vfs }, request) =>
    withName<Attributes | undefined>(request, 0, name =>
      andThen(vfs.lookup(request.ino, name), answer => (answer === ERRNO.ENOENT && vfs.ttlMs > 0 ? undefined : answer)),
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
    const caller = callerOf(request, umask)
    return withName(request, MKNOD_IN.size, name => context.vfs.make(request.ino, name, node, caller))
  },
  encode: encodeEntry,
  changes: true,
})

/** MKDIR. */
export const mkdir = operation<Attributes>({
  run: ({ vfs }, request) => {
    const { mode, umask } = MKDIR_IN.read(request.bytes, BODY)
    const node: NewNode = { kind: 'directory', mode: mode & 0o7777 }
    const caller = callerOf(request, umask)
    return withName(request, MKDIR_IN.size, name => vfs.make(request.ino, name, node, caller))
  },
  encode: encodeEntry,
  changes: true,
})

/** SYMLINK: the name, then the target. */
export const symlink = operation<Attributes>({
  run: ({ vfs }, request) => {
    return withName(request, 0, name => {
      const target = nameAt(request, name.length + 1)
      return vfs.make(request.ino, name, { kind: 'symlink', mode: 0o777, target }, callerOf(request))
    })
  },
  encode: encodeEntry,
  changes: true,
})

/** LINK: the directory is the request's inode. */
export const link = operation<Attributes>({
  run: ({ vfs }, request) => {
    const { oldnodeid } = LINK_IN.read(request.bytes, BODY)
    return withName(request, LINK_IN.size, name => vfs.link(inoOf(oldnodeid), request.ino, name))
  },
  encode: encodeEntry,
  changes: true,
})

/** UNLINK. */
export const unlink = operation<void>({
  run: ({ vfs }, request) => withName(request, 0, name => vfs.remove(request.ino, name, 'file')),
  encode: nothing,
  changes: true,
})

/** RMDIR. */
export const rmdir = operation<void>({
  run: ({ vfs }, request) => withName(request, 0, name => vfs.remove(request.ino, name, 'directory')),
  encode: nothing,
  changes: true,
})

/** RENAME without flags. */
export const rename = operation<void>({
  run: ({ vfs }, request) => {
    const { newdir } = RENAME_IN.read(request.bytes, BODY)
    return renameTo(vfs, request, { headBytes: RENAME_IN.size, newdir, mode: 'replace' })
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
    return renameTo(vfs, request, { headBytes: RENAME2_IN.size, newdir, mode: mode })
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

function renameTo(
  vfs: Vfs,
  request: Request,
  how: { readonly headBytes: number; readonly newdir: number; readonly mode: RenameMode },
): Reply<void> {
  return withName(request, how.headBytes, from =>
    withName(request, how.headBytes + from.length + 1, to => {
      const goal = { parent: inoOf(how.newdir), name: to }
      return vfs.rename({ parent: request.ino, name: from }, goal, how.mode)
    }),
  )
}
