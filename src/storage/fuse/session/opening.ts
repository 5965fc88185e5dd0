import { andThen } from '#base'
import { type Attributes, type Caller, ERRNO, isErrno, type Reply, type Vfs } from '#storage/fs'
import { FOPEN, INIT, OPEN, OPEN_KILL_SUIDGID } from '../codec/flags.ts'
import { BODY, numberOf, PAYLOAD, type Unique } from '../codec/header.ts'
import { OPEN_OUT } from '../codec/replies.ts'
import { CREATE_IN, OPEN_IN, RELEASE_IN } from '../codec/requests.ts'
import { BEHIND_ENTRY, encodeEntry } from './entries.ts'
import { keepsLocks } from './locks.ts'
import { type Context, callerOf, nothing, operation, type Request, withName } from './operation.ts'

interface Opened {
  readonly attributes: Attributes
  readonly request: Request
  /** open(2) flags. */
  readonly flags: number
}

/** OPEN of a file. Its handle is the number of the request, which no other open has, also after a restart; only locks need it. */
export const open = operation<{ readonly request: Request; readonly flags: number }>({
  run: ({ vfs }, request) => {
    const { flags, openFlags } = OPEN_IN.read(request.bytes, BODY)
    const truncate = (flags & OPEN.TRUNC) !== 0
    const options = { truncate, killPrivileges: (openFlags & OPEN_KILL_SUIDGID) !== 0, access: accessOf(flags) }
    return andThen(vfs.open(request.ino, options), answer => (isErrno(answer) ? answer : { request, flags }))
  },
  encode: (context, { request, flags }, out) =>
    writeOpened(context, { ino: request.ino, request, flags }, out, PAYLOAD),
  changes: true,
})

/** CREATE: makes the file and opens it, or opens what another was faster to make. */
export const create = operation<Opened>({
  run: ({ vfs }, request) => {
    const { flags, mode, umask, openFlags } = CREATE_IN.read(request.bytes, BODY)
    const how = { request, flags, killPrivileges: (openFlags & OPEN_KILL_SUIDGID) !== 0 }
    const caller = callerOf(request, umask)
    return withName(request, CREATE_IN.size, name =>
      andThen(vfs.make(request.ino, name, { kind: 'file', mode: mode & 0o7777 }, caller), made => {
        if (!isErrno(made)) return openMade(vfs, { attributes: made, request, flags })
        const mayExist = made === ERRNO.EEXIST && (flags & OPEN.EXCL) === 0
        return mayExist ? openExisting(vfs, { ino: request.ino, name }, how) : made
      }),
    )
  },
  encode: encodeOpened,
  changes: true,
})

/** TMPFILE: a file without a name, open. */
export const tmpfile = operation<Opened>({
  run: ({ vfs }, request) => {
    const { flags, mode, umask } = CREATE_IN.read(request.bytes, BODY)
    const caller: Caller = callerOf(request, umask)
    return andThen(vfs.makeUnnamed(request.ino, mode & 0o7777, caller), made =>
      isErrno(made) ? made : openMade(vfs, { attributes: made, request, flags }),
    )
  },
  encode: encodeOpened,
  changes: true,
})

/** OPENDIR: ENOSYS tells the kernel to open directories without asking, and to cache listings. */
export const opendir = operation<void>({
  run: ({ vfs, negotiated }, request) =>
    (negotiated.flags & INIT.NO_OPENDIR_SUPPORT) === 0
      ? vfs.open(request.ino, { truncate: false, killPrivileges: false })
      : ERRNO.ENOSYS,
  encode: (_context, _value, out) => {
    OPEN_OUT.write(out, { fh: 0, openFlags: FOPEN.KEEP_CACHE | FOPEN.CACHE_DIR, backingId: 0 }, PAYLOAD)
    return OPEN_OUT.size
  },
})

/** RELEASE and RELEASEDIR. */
export const release = operation<void>({
  run: (context, request) => {
    const { fh } = RELEASE_IN.read(request.bytes, BODY)
    context.vfs.release(request.ino, keepsLocks(context) ? fh : undefined)
  },
  encode: nothing,
})

function openMade(vfs: Vfs, made: Opened): Reply<Opened> {
  vfs.request(numberOf(made.request), made.request.isResent, callerOf(made.request))
  const opened = vfs.open(made.attributes.ino, { truncate: false, killPrivileges: false, access: 'made' })
  return andThen(opened, answer => (isErrno(answer) ? answer : made))
}

function openExisting(
  vfs: Vfs,
  place: { readonly ino: Request['ino']; readonly name: string },
  how: Omit<Opened, 'attributes'> & { readonly killPrivileges: boolean },
): Reply<Opened> {
  const truncate = (how.flags & OPEN.TRUNC) !== 0
  return andThen(vfs.lookup(place.ino, place.name), found => {
    if (isErrno(found)) return found
    if (found.kind !== 'file') return ERRNO.EEXIST
    const { request, flags, killPrivileges } = how
    vfs.request(numberOf(request), request.isResent, callerOf(request))
    return andThen(vfs.open(found.ino, { truncate, killPrivileges, access: accessOf(flags) }), opened => {
      if (isErrno(opened)) return opened
      return { attributes: truncate ? { ...found, size: 0 } : found, request, flags }
    })
  })
}

function encodeOpened(context: Context, { attributes, request, flags }: Opened, out: Buffer): number {
  const bytes = encodeEntry(context, attributes, out)
  return bytes + writeOpened(context, { ino: attributes.ino, request, flags }, out, BEHIND_ENTRY)
}

function accessOf(flags: number): 'read' | 'write' {
  return (flags & OPEN.ACCMODE) === OPEN.RDONLY ? 'read' : 'write'
}

// The page cache stays: whatever happened to the file went through this mount or is notified. Only while such a
// notification is still on its way must the kernel drop its pages itself. A close is
// told only to who needs it: it takes as long as a write.
function writeOpened(
  context: Context,
  file: { readonly ino: Request['ino']; readonly request: Unique; readonly flags: number },
  out: Buffer,
  offset: number,
): number {
  const keep = context.isStale(file.ino) ? 0 : FOPEN.KEEP_CACHE
  const openFlags = context.vfs.mustFlush(file.ino, accessOf(file.flags)) ? keep : keep | FOPEN.NOFLUSH
  OPEN_OUT.write(out, { fh: numberOf(file.request), openFlags, backingId: 0 }, offset)
  return OPEN_OUT.size
}
