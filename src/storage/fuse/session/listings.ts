import { andThen } from '#base'
import { type Cookie, type DirectoryEntry, ERRNO, type Ino, isErrno, type Reply } from '#storage/fs'
import { direntBytes, direntPlusBytes, writeDirent, writeDirentPlus } from '../codec/directory.ts'
import { BODY, PAYLOAD } from '../codec/header.ts'
import { READ_IN } from '../codec/requests.ts'
import type { IdMap } from '../id-map.ts'
import { TRANSFER_BYTES_MAX } from '../limits.ts'
import { type Context, operation, type Request } from './operation.ts'

interface Page {
  bytes: number
  /** Inodes the kernel counts a lookup for. */
  readonly inos: Ino[]
}

/** READDIR: names, numbers and kinds. */
export const readdir = operation<Page>({
  keeps: 'reply',
  interruptible: 'dying',
  run: (context, request, out) => list(context, request, out, 'names'),
  encode: (_context, page) => page.bytes,
})

/** READDIRPLUS: READDIR with a LOOKUP of each entry. */
export const readdirplus = operation<Page>({
  keeps: 'reply',
  interruptible: 'dying',
  run: (context, request, out) => list(context, request, out, 'attributes'),
  encode: (context, page) => {
    for (const ino of page.inos) context.lookups.add(ino)
    return page.bytes
  },
})

function list(context: Context, request: Request, out: Buffer, what: 'names' | 'attributes'): Reply<Page> {
  const { offset, size } = READ_IN.read(request.bytes, BODY)
  if (size > TRANSFER_BYTES_MAX) return ERRNO.EINVAL
  const page: Page = { bytes: 0, inos: [] }
  const { ids, vfs } = context
  const { ttlMs } = vfs
  const take = (entry: DirectoryEntry): boolean => {
    const bytes = what === 'names' ? direntBytes(entry) : direntPlusBytes(entry)
    if (page.bytes + bytes > size) return false
    if (what === 'names') writeDirent(out, PAYLOAD + page.bytes, entry)
    else writeDirentPlus(out, PAYLOAD + page.bytes, shown(entry, ids), ttlMs)
    if (entry.attributes !== undefined && !isDotEntry(entry)) page.inos.push(entry.attributes.ino)
    page.bytes += bytes
    return true
  }
  const listed = vfs.list(request.ino, cookieOf(offset), { attributes: what === 'attributes', take })
  return andThen(listed, answer => (isErrno(answer) ? answer : page))
}

function shown(entry: DirectoryEntry, ids: IdMap): DirectoryEntry {
  const attributes = entry.attributes && ids.shown(entry.attributes)
  return attributes === entry.attributes ? entry : { ...entry, attributes }
}

function cookieOf(offset: number): Cookie {
  return offset as Cookie
}

function isDotEntry({ name }: DirectoryEntry): boolean {
  return name === '.' || name === '..'
}
