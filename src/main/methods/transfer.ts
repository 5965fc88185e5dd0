import { createHash } from 'node:crypto'
import { asBuffer, type ByteString, isFault, textOf } from '#base'
import {
  answerDownload,
  answerUnary,
  answerUpload,
  BODY_BYTES_MAX,
  fileHash,
  filePartial,
  filePut,
  fileRead,
  type Handler,
  type Message,
  message,
  RESUME_BYTES_MIN,
} from '#rpc'
import { type Attributes, type DirectoryPlace, ERRNO, type Ino, isErrno, type Vfs } from '#storage/fs'
import { mainFault } from '../faults.ts'
import { done, errnoFault } from '../paths/answer.ts'
import { type Changes, OWNER } from '../paths/changes.ts'
import type { Claims } from '../paths/claims.ts'
import { bytesOfFile, hashFile, meetDamage } from '../paths/content.ts'
import { partialPlace } from '../paths/names.ts'
import { find, placeOf } from '../paths/resolve.ts'
import { setLooks } from './file.ts'
import { at } from './at.ts'
import type { Parts } from './parts.ts'

/** Methods that carry the bytes of files. */
export function transferMethods(parts: Parts, claims: Claims): readonly Handler[] {
  return [
    answerDownload(fileRead, async function* ({ place, offset }, { signal }) {
      const { vfs, path } = at(parts, place)
      const source = { vfs, ino: await findFile(vfs, path), path }
      const hash = createHash('sha256')
      let size = 0
      for await (const bytes of bytesOfFile(source, signal)) {
        hash.update(bytes)
        // What the caller has already is read for the hash of the whole, not sent.
        const skip = Math.min(Math.max(offset - size, 0), bytes.byteLength)
        size += bytes.byteLength
        if (skip < bytes.byteLength) yield message(undefined, bytes.subarray(skip))
      }
      return message({ size, sha256: hash.digest('hex') })
    }),
    answerUnary(fileHash, async ({ place }, { signal }) => {
      const { vfs, path } = at(parts, place)
      return message(await hashFile({ vfs, ino: await findFile(vfs, path), path }, signal))
    }),
    answerUnary(filePartial, async ({ place }) => {
      const { vfs, path } = at(parts, place)
      const partial = partialPlace((await placeOf(vfs, path)).place)
      const found = await vfs.lookup(partial.parent, partial.name)
      return message({ size: !isErrno(found) && isOurs(found) ? found.size : 0 })
    }),
    answerUpload(filePut, async ({ place, offset, ...looks }, items, { signal }) => {
      const { changes, path } = at(parts, place)
      const { place: target, attributes: there } = await placeOf(changes.vfs, path)
      if (there?.kind === 'directory') throw errnoFault(ERRNO.EISDIR, path)
      const key = `put ${place.filesystem} ${target.parent} ${target.name}`
      using _claim = await claims.take(key, `${textOf(path)} is being written by another put`, signal)
      const partial = { place: partialPlace(target), path }
      const ino = await openPartial(changes, partial, offset)
      const wanted = await receive(changes, { ino, path, offset }, items).catch(async error => {
        await dropSmall(changes, partial, ino)
        throw error
      })
      const { size, sha256 } = await hashFile({ vfs: changes.vfs, ino, path }, signal).catch(async error => {
        if (isFault(error, 'ChunkDamaged')) await refuseDamaged(changes, partial, { ino, signal })
        throw error
      })
      if (sha256 !== wanted) await refuse(changes, partial, { sha256, wanted })
      await setLooks(changes, await done(changes.vfs.attributes(ino), path), looks, path)
      changes.vfs.release(ino)
      await changes.rename(partial.place, target, path)
      return message({ size })
    }),
  ]
}

interface Partial {
  readonly place: DirectoryPlace
  /** Of the file wanted, for messages. */
  readonly path: ByteString
}

async function findFile(vfs: Vfs, path: ByteString): Promise<Ino> {
  const { ino, kind } = await find(vfs, path, 'all')
  if (kind === 'file') return ino
  throw mainFault('WrongKind', `${textOf(path)} is no regular file but a ${kind}`, { hint: 'Only files have bytes.' })
}

// The partial file, cut to what the caller goes on from.
async function openPartial(changes: Changes, { place, path }: Partial, offset: number): Promise<Ino> {
  const there = await changes.vfs.lookup(place.parent, place.name)
  const isForeign = !isErrno(there) && !isOurs(there)
  if (isForeign) await changes.remove(place, there.kind === 'directory' ? 'directory' : 'file', path)
  const found = isForeign ? ERRNO.ENOENT : there
  if (isErrno(found)) {
    if (found !== ERRNO.ENOENT) throw errnoFault(found, path)
    if (offset > 0) throw mainFault('Damaged', `nothing is left of an earlier put of ${textOf(path)}`, AGAIN)
    return (await changes.make(place, { kind: 'file', mode: 0o600 }, path)).ino
  }
  if (found.size < offset) {
    throw mainFault('Damaged', `less is left of an earlier put of ${textOf(path)} than expected`, AGAIN)
  }
  if (found.size > offset) await changes.set(found.ino, { size: offset }, path)
  return found.ino
}

// Where others may make files, one under this name may be somebody's who wants to read or change what is put.
function isOurs({ kind, uid, mode, nlink }: Attributes): boolean {
  return kind === 'file' && uid === OWNER.uid && nlink === 1 && (mode & 0o077) === 0
}

// Writes the items one behind the other, zeros as holes; answers the hash the caller names with the last one. All of it is
// stored then: read back from memory, it would hide damage of content that was stored before.
async function receive(
  changes: Changes,
  to: { readonly ino: Ino; readonly path: ByteString; readonly offset: number },
  items: AsyncIterable<Message<{ readonly sha256?: string | undefined }>>,
): Promise<string> {
  let position = to.offset
  let written = to.offset
  let sha256: string | undefined
  for await (const { head, body } of items) {
    if (!isZero(body)) {
      await changes.write(to.ino, position, body, to.path)
      written = position + body.byteLength
    }
    position += body.byteLength
    sha256 = head.sha256
  }
  if (written < position) await changes.set(to.ino, { size: position }, to.path)
  await done(changes.vfs.settle(to.ino), to.path)
  if (sha256 !== undefined) return sha256
  throw mainFault('Invalid', 'sha256: the last item of a put names the hash of the whole file', AGAIN)
}

const AGAIN = { hint: 'Run the command again.' }

function isZero(bytes: Uint8Array): boolean {
  return asBuffer(bytes).equals(ZEROS.subarray(0, bytes.byteLength))
}

const ZEROS = Buffer.alloc(BODY_BYTES_MAX)

// What is not worth going on from does not stay behind, where it would stand in the mount.
async function dropSmall(changes: Changes, { place, path }: Partial, ino: Ino): Promise<void> {
  const found = await changes.vfs.attributes(ino)
  if (!isErrno(found) && found.size < RESUME_BYTES_MIN) await changes.remove(place, 'file', path)
}

// Content that was stored before is not stored again until its damage is known. All of it is met here, and stored when
// it is sent again.
async function refuseDamaged(
  changes: Changes,
  { place, path }: Partial,
  { ino, signal }: { readonly ino: Ino; readonly signal: AbortSignal },
): Promise<never> {
  await meetDamage({ vfs: changes.vfs, ino, path }, signal)
  await changes.remove(place, 'file', path)
  throw mainFault('Damaged', `some of ${textOf(path)} was stored before, and is damaged on this disk`, AGAIN)
}

async function refuse(
  changes: Changes,
  { place, path }: Partial,
  { sha256, wanted }: { readonly sha256: string; readonly wanted: string },
): Promise<never> {
  await changes.remove(place, 'file', path)
  throw mainFault(
    'Damaged',
    `${textOf(path)} reads back as ${sha256.slice(0, 12)}..., sent was ${wanted.slice(0, 12)}...`,
    {
      hint: 'Try again; if it happens again, run `cairn doctor` and check memory and disk.',
    },
  )
}
