import { isFault, isSystemError } from '#base'
import {
  type Answer,
  type Cookie,
  ERRNO,
  errnoName,
  type FileKind,
  type Ino,
  isErrno,
  type Reply,
  ROOT_INO,
  type Vfs,
} from '#storage/fs'
import type { FileFound } from './file-history.ts'
import { mustHold } from './violation.ts'

/** A file as the filesystem shows it. */
export interface Observed {
  readonly ino: number
  readonly kind: FileKind
  readonly mode: number
  readonly nlink: number
  readonly ctimeNs: bigint
  readonly names: ReadonlyMap<string, number>
  readonly xattrs: ReadonlyMap<string, Buffer>
  readonly target: string
  /** Regular files only. */
  readonly file: FileFound | undefined
}

/** What to look at: everything below the root, and files without a name that are held open. */
export interface Looking {
  readonly vfs: Vfs
  readonly held: Iterable<number>
  /** True when reads may report damage instead of answering. */
  readonly mayBeDamaged: boolean
  /** Found on the way: the directory that the model does not look into. */
  aside?: { readonly ino: number | undefined }
}

/** The name in the root of a directory that holds copies out of snapshots; the model leaves them alone. */
export const ASIDE = 'aside'

/** Reads the whole filesystem through its front. */
export async function observe(looking: Looking): Promise<Map<number, Observed>> {
  const found = new Map<number, Observed>()
  const waiting = [ROOT_INO as number, ...looking.held]
  for (let ino = waiting.pop(); ino !== undefined; ino = waiting.pop()) {
    if (found.has(ino)) continue
    const node = await observeNode(looking, ino as Ino)
    found.set(ino, node)
    for (const child of node.names.values()) waiting.push(child)
  }
  return found
}

async function observeNode(looking: Looking, ino: Ino): Promise<Observed> {
  const { vfs } = looking
  const { kind, mode, nlink, size, ctimeNs } = await ok(vfs.attributes(ino), `attributes of ${ino}`)
  const isAside = ino === looking.aside?.ino
  const names = kind === 'directory' && nlink > 0 && !isAside ? await namesIn(vfs, ino) : new Map<string, number>()
  if (ino === ROOT_INO) looking.aside = { ino: names.get(ASIDE) }
  const target = kind === 'symlink' ? await ok(vfs.readLink(ino), `target of ${ino}`) : ''
  const file = kind === 'file' ? { ...(await readFile(looking, ino, size)), mode } : undefined
  return { ino, kind, mode, nlink: isAside ? 2 : nlink, ctimeNs, names, target, file, xattrs: await xattrsOf(vfs, ino) }
}

async function namesIn(vfs: Vfs, ino: Ino): Promise<Map<string, number>> {
  const names = new Map<string, number>()
  const take = (entry: { name: string; ino: number }): boolean => {
    mustHold(!names.has(entry.name), () => `directory ${ino} lists ${entry.name} twice`)
    names.set(entry.name, entry.ino)
    return true
  }
  await ok(vfs.list(ino, 0 as Cookie, { attributes: false, take }), `list of ${ino}`)
  mustHold(names.delete('.') && names.delete('..'), () => `directory ${ino} lists no . and ..`)
  for (const [name, child] of names) {
    const { ino: byName } = await ok(vfs.lookup(ino, name), `lookup of ${name} in ${ino}`)
    mustHold(byName === child, () => `${name} in ${ino} is listed as ${child} and looked up as ${byName}`)
  }
  return names
}

async function xattrsOf(vfs: Vfs, ino: Ino): Promise<Map<string, Buffer>> {
  const xattrs = new Map<string, Buffer>()
  for (const name of await ok(vfs.listXattr(ino), `xattrs of ${ino}`)) {
    xattrs.set(name, Buffer.from(await ok(vfs.getXattr(ino, name), `xattr ${name} of ${ino}`)))
  }
  return xattrs
}

async function readFile(looking: Looking, ino: Ino, size: number): Promise<Omit<FileFound, 'mode'>> {
  const bytes = Buffer.alloc(size, 0xee)
  const unreadable: { from: number; to: number }[] = []
  for (let from = 0; from < size; from += PIECE_BYTES) {
    const to = Math.min(size, from + PIECE_BYTES)
    const answer = await answerOf(() => looking.vfs.read(ino, from, bytes.subarray(from, to)))
    if (answer === ERRNO.EIO && looking.mayBeDamaged) unreadable.push({ from, to })
    else mustHold(!isErrno(answer) && answer.bytes === to - from, () => `read of ${ino} at ${from}: ${show(answer)}`)
  }
  return { size, bytes, unreadable }
}

/** The answer of a call; a fault or system error thrown instead is what doors answer EIO for. */
export async function answerOf<Value>(call: () => Reply<Value>): Promise<Answer<Value>> {
  try {
    return await call()
  } catch (error) {
    if (isFault(error) || isSystemError(error)) return ERRNO.EIO
    throw error
  }
}

/** The errno that a fault or system error of a call stands for, where the call may say why it failed. */
export async function whyNot(call: () => Promise<void>): Promise<Answer<void>> {
  try {
    return await call()
  } catch (error) {
    if (isFault(error, 'SnapshotIncomplete')) return error.message.includes('ENOSPC') ? ERRNO.ENOSPC : ERRNO.EIO
    if (isSystemError(error, 'ENOSPC') || (isFault(error) && error.status === 507)) return ERRNO.ENOSPC
    if (isFault(error) || isSystemError(error)) return ERRNO.EIO
    throw error
  }
}

/** An answer for people. */
export function show(answer: unknown): string {
  return isErrno(answer)
    ? errnoName(answer)
    : JSON.stringify(answer, (_key, value) => (typeof value === 'bigint' ? String(value) : value))
}

/** The value of an answer that must not be an error. */
export async function ok<Value>(reply: Reply<Value>, what: string): Promise<Value> {
  const answer = await reply
  mustHold(!isErrno(answer), () => `${what}: ${show(answer)}`)
  return answer
}

const PIECE_BYTES = 65_536
