import { spawn } from 'node:child_process'
import { createHash, type Hash } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import { asBuffer, type ByteString, bytesOf, textOf } from '#base'
import { BODY_BYTES_MAX } from '#rpc'
import { cliFault } from '../faults.ts'
import { claimPath } from './claim.ts'
import { bytesOfHandle, guarded, type LocalFile, localKindBehind, localStat } from './files.ts'
import { openLeftOver } from './left-over.ts'
import { makeFifo, setLocalTime } from './native.ts'

/** Owner, mode and time to give a local file. Only root can give files away; `owner` is left out by others. */
export interface LocalLooks {
  readonly mode: number
  readonly mtimeNs: bigint
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined
}

/** A file that gathers bytes under a temporary name and gets its own when all are there. */
export interface PartialFile extends AsyncDisposable {
  /** Bytes an earlier attempt left; they are in the hash already. */
  readonly offset: number
  append(bytes: Uint8Array): Promise<void>
  /** SHA-256 of all bytes so far. */
  digest(): string
  /** Gives the bytes their looks and renames them into place; {@link syncLocalDisk} makes them durable. */
  finish(looks: LocalLooks): Promise<void>
  /** Forgets the bytes: they are wrong. */
  discard(): Promise<void>
}

/**
 * Opens the partial file of a path, going on where an earlier attempt stopped. Disposing keeps it for the next one.
 * Faults: Local, also for a device, socket or fifo at the path, which no file may replace.
 */
export async function openPartialFile(path: ByteString, signal: AbortSignal): Promise<PartialFile> {
  await refuseSpecialBehind(path)
  const temporary = partialPath(path)
  const claim = await guarded(path, () => claimPath(temporary))
  if (claim === undefined) {
    throw cliFault('Local', `${textOf(path)} is being written by another get`, { hint: 'Wait until it has ended.' })
  }
  using claimed = new DisposableStack()
  claimed.use(claim)
  await using opened = new AsyncDisposableStack()
  const handle = opened.use(await openLeftOver(temporary))
  const hash = createHash('sha256')
  let offset = 0
  for await (const bytes of bytesOfHandle(temporary, handle, signal)) {
    hash.update(bytes)
    offset += bytes.byteLength
  }
  opened.move()
  return new OpenPartial({ path, temporary, handle, hash, offset, claim: claimed.move() })
}

/** Makes a directory; one that is there is fine. It is the owner's alone until it gets its looks. */
export async function makeLocalDirectory(path: ByteString): Promise<void> {
  if ((await localStat(path))?.kind === 'directory') return
  await guarded(path, () => fs.promises.mkdir(bytesOf(path), { mode: 0o700 }))
}

/** Makes a symlink in the place of whatever file is there; it has no mode of its own. */
export async function makeLocalLink(path: ByteString, target: ByteString, looks: LocalLooks): Promise<void> {
  await clear(path)
  await guarded(path, async () => {
    await fs.promises.symlink(bytesOf(target), bytesOf(path))
    if (looks.owner !== undefined) await fs.promises.lchown(bytesOf(path), looks.owner.uid, looks.owner.gid)
  })
  setTime(path, looks.mtimeNs)
}

/** Makes a fifo in the place of whatever file is there; a fifo stays. */
export async function makeLocalFifo(path: ByteString, looks: LocalLooks): Promise<void> {
  if ((await localStat(path))?.kind !== 'fifo') {
    await clear(path)
    if (!makeFifo(path)) throw cliFault('Local', 'this disk has no room for a fifo, or keeps none')
  }
  await setLocalLooks(path, looks)
}

/** Makes a second name for a local file in the place of whatever file is there. */
export async function linkLocal(from: ByteString, to: ByteString): Promise<void> {
  await clear(to)
  await guarded(to, () => fs.promises.link(bytesOf(from), bytesOf(to)))
}

/** Gives a local file or directory its looks; the owner first, because that clears setuid. */
export async function setLocalLooks(path: ByteString, { mode, mtimeNs, owner }: LocalLooks): Promise<void> {
  const at = bytesOf(path)
  await guarded(path, async () => {
    if (owner !== undefined) await fs.promises.lchown(at, owner.uid, owner.gid)
    await fs.promises.chmod(at, mode)
  })
  setTime(path, mtimeNs)
}

/**
 * Makes everything durable that was written to the disk of a path so far: one syncfs(2), by sync(1), where an fsync of
 * each of many small files would take longer than all else.
 */
export async function syncLocalDisk(path: ByteString): Promise<void> {
  const child = spawn('sync', ['-f', '--', textOf(path)], { stdio: 'ignore' })
  const [code] = await once(child, 'exit')
  if (code === 0) return
  throw cliFault('Local', `${textOf(path)}: what was written may not be on the disk yet`, { hint: 'Check the disk.' })
}

interface Parts {
  readonly path: ByteString
  readonly temporary: ByteString
  readonly handle: fs.promises.FileHandle
  readonly hash: Hash
  readonly offset: number
  /** No other get writes to the temporary file meanwhile. */
  readonly claim: Disposable
}

class OpenPartial implements PartialFile {
  readonly #parts: Parts
  #bytes: number

  constructor(parts: Parts) {
    this.#parts = parts
    this.#bytes = parts.offset
  }

  get offset(): number {
    return this.#parts.offset
  }

  async append(bytes: Uint8Array): Promise<void> {
    const { path, handle, hash } = this.#parts
    hash.update(bytes)
    this.#bytes += bytes.byteLength
    // Zeros become a hole: the file only grows. What is written goes behind it, for it is open for appending.
    const isHole = asBuffer(bytes).equals(ZEROS.subarray(0, bytes.byteLength))
    await guarded(path, () => (isHole ? handle.truncate(this.#bytes) : handle.appendFile(bytes)))
  }

  digest(): string {
    return this.#parts.hash.digest('hex')
  }

  async finish(looks: LocalLooks): Promise<void> {
    const { path, temporary, handle } = this.#parts
    await guarded(path, async () => {
      // By the descriptor: where others may write, the name may lead elsewhere by now.
      if (looks.owner !== undefined) await handle.chown(looks.owner.uid, looks.owner.gid)
      await handle.chmod(looks.mode)
    })
    setTime(temporary, looks.mtimeNs)
    await refuseSpecialBehind(path)
    await guarded(path, () => fs.promises.rename(bytesOf(temporary), bytesOf(path)))
  }

  async discard(): Promise<void> {
    await fs.promises.rm(bytesOf(this.#parts.temporary), { force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.handle.close()
    this.#parts.claim[Symbol.dispose]()
  }
}

const ZEROS = Buffer.alloc(BODY_BYTES_MAX)

function setTime(path: ByteString, mtimeNs: bigint): void {
  if (setLocalTime(path, mtimeNs)) return
  throw cliFault('Local', `${textOf(path)}: its time cannot be set`, {
    hint: 'Run the command as the owner of what is there.',
  })
}

// Makes room for something that is no regular file; a directory stays, and is refused by who makes it.
async function clear(path: ByteString): Promise<void> {
  const there = await refuseSpecial(path)
  if (there !== undefined && there.kind !== 'directory') await guarded(path, () => fs.promises.rm(bytesOf(path)))
}

// Programs and the system itself talk through these: a file in their place would break what uses them.
async function refuseSpecial(path: ByteString): Promise<LocalFile | undefined> {
  const there = await localStat(path)
  if (there?.kind !== 'fifo' && there?.kind !== 'other') return there
  throw special(path, there.kind)
}

// A file takes the place of a symlink, but who names one to a device, such as /dev/stdout, means the device.
async function refuseSpecialBehind(path: ByteString): Promise<void> {
  const there = await refuseSpecial(path)
  const behind = there?.kind === 'symlink' ? await localKindBehind(path) : undefined
  if (behind === 'fifo' || behind === 'other') throw special(path, behind)
}

function special(path: ByteString, kind: 'fifo' | 'other'): Error {
  const what = kind === 'fifo' ? 'a fifo' : 'a device or socket'
  return cliFault('Local', `${textOf(path)} is ${what}, which get does not replace`, {
    hint: 'Choose another destination, or move it away first.',
  })
}

function partialPath(path: ByteString): ByteString {
  const slash = path.lastIndexOf('/') + 1
  const name = createHash('sha256')
    .update(bytesOf(path.slice(slash)))
    .digest('hex')
    .slice(0, 16)
  return `${path.slice(0, slash)}.cairn-get-${name}`
}
