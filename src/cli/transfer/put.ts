import { createHash } from 'node:crypto'
import { type ByteString, isFault, textOf } from '#base'
import {
  type Client,
  type FileRow,
  fileHash,
  fileLink,
  fileMake,
  filePartial,
  filePut,
  fileRemove,
  fileSet,
  fileStat,
  type Message,
  message,
  NO_BYTES,
  type Place,
  RESUME_BYTES_MIN,
} from '#rpc'
import type { Context } from '../context.ts'
import type { LastingDoor } from '../lasting-door.ts'
import { cliFault } from '../faults.ts'
import { FILES_AT_ONCE } from '../limits.ts'
import { type LocalFile, localBytes, localHash, localLink, localStat } from '../local/files.ts'
import { Lanes } from './lanes.ts'
import { type LocalEntry, walkLocal } from './local-tree.ts'
import type { Tally } from './tally.ts'

/** What a put works with. */
export interface PutOptions {
  readonly context: Context
  readonly door: LastingDoor
  readonly tally: Tally
  /** Keep owner and group: for root. */
  readonly keepOwner: boolean
  /** Compare files that are there already by their hash, not only by size and time. */
  readonly compare: boolean
  /** True for a local path that is not put, nor what is below it. */
  readonly leavesOut: (path: ByteString) => boolean
}

/** Puts a local file or tree under a name in Cairn. What is there already, same size and time, is left as it is. */
export async function putTree(options: PutOptions, source: LocalFile, target: Place): Promise<void> {
  const put = new Put(options)
  await put.tree(source, target)
}

class Put {
  readonly #options: PutOptions
  readonly #lanes = new Lanes(FILES_AT_ONCE)
  /** First names of files with several, and when their content is there. */
  readonly #firstNames = new Map<string, { readonly place: Place; readonly done: Promise<void> }>()
  /** Directories made, outermost first: their times are set when nothing changes below any more. */
  readonly #directories: { readonly file: LocalFile; readonly place: Place }[] = []

  /** Aborted when the put fails as a whole: what runs side by side ends with it. */
  readonly #broken = new AbortController()
  readonly #signal: AbortSignal

  constructor(options: PutOptions) {
    this.#options = options
    this.#signal = AbortSignal.any([options.context.signal, this.#broken.signal])
  }

  async tree(source: LocalFile, target: Place): Promise<void> {
    try {
      await this.#tree(source, target)
    } catch (error) {
      this.#broken.abort(error)
      throw error
    } finally {
      await this.#lanes.settle()
    }
  }

  async #tree(source: LocalFile, target: Place): Promise<void> {
    const { tally, leavesOut } = this.#options
    const fails = (path: ByteString, error: unknown) => tally.fail(path, error)
    for await (const entry of walkLocal(source, '', { signal: this.#signal, leavesOut, fails })) {
      const place = { filesystem: target.filesystem, path: `${target.path}${entry.below}` || '/' }
      try {
        await this.#entry(entry, place)
      } catch (error) {
        tally.fail(entry.file.path, error)
      }
    }
    await this.#lanes.finish()
    for (const { file, place } of this.#directories.reverse()) {
      await this.#call(client => client.call(fileSet, { place, ...this.#looks(file) }, this.#signal))
    }
  }

  async #entry({ file }: LocalEntry, place: Place): Promise<void> {
    switch (file.kind) {
      case 'file':
        return this.#lane(file, () => this.#file(file, place), place)
      case 'directory':
        return this.#directory(file, place)
      case 'symlink': {
        const target = await localLink(file.path)
        return this.#lane(file, () => this.#make(file, place, { kind: 'symlink', target }), place)
      }
      case 'fifo':
        return this.#make(file, place, { kind: 'fifo' })
      default:
        return this.#options.tally.note(`${textOf(file.path)}: sockets and devices are left out`)
    }
  }

  async #directory(file: LocalFile, place: Place): Promise<void> {
    if (place.path === '/') return
    await this.#call(client =>
      client.call(fileMake, { place, kind: 'directory', mode: 0o700 | file.mode }, this.#signal),
    )
    this.#directories.push({ file, place })
  }

  async #make(file: LocalFile, place: Place, what: { kind: 'symlink' | 'fifo'; target?: string }): Promise<void> {
    const there = await this.#stat(place)
    const isSame = there?.kind === what.kind && there.target === what.target
    if (there !== undefined && !isSame) await this.#remove(place)
    if (there !== undefined && isSame && what.kind === 'fifo') return
    await this.#call(client => client.call(fileMake, { place, ...what, ...this.#looks(file) }, this.#signal))
  }

  // A task of its own, so that small files go side by side. A second name waits for the first.
  async #lane(file: LocalFile, run: () => Promise<void>, place: Place): Promise<void> {
    const { tally } = this.#options
    const known = file.nlink > 1 ? this.#firstNames.get(file.identity) : undefined
    const settled = Promise.withResolvers<void>()
    if (file.nlink > 1 && known === undefined) this.#firstNames.set(file.identity, { place, done: settled.promise })
    await this.#lanes.add(async () => {
      try {
        await (known === undefined ? run() : known.done.then(() => this.#link(known.place, place)))
      } catch (error) {
        tally.fail(file.path, error)
      } finally {
        settled.resolve()
      }
    })
  }

  async #link(from: Place, to: Place): Promise<void> {
    const { tally } = this.#options
    const first = await this.#stat(from)
    const there = await this.#stat(to)
    if (first === undefined) throw cliFault('Local', 'its first name could not be transferred')
    tally.settledBytes += first.size
    if (there?.ino === first.ino) {
      tally.skipped += 1
      return
    }
    if (there !== undefined) await this.#remove(to)
    await this.#call(client => client.call(fileLink, { from, to }, this.#signal))
    tally.files += 1
  }

  async #file(file: LocalFile, place: Place): Promise<void> {
    const { tally } = this.#options
    const there = await this.#stat(place)
    if (there !== undefined && (await this.#isThere(file, there, place))) {
      tally.skipped += 1
      tally.settledBytes += file.size
    } else {
      await this.#send(file, place)
      tally.files += 1
    }
  }

  async #isThere(file: LocalFile, there: FileRow, place: Place): Promise<boolean> {
    if (there.kind !== 'file' || there.size !== file.size || there.mtimeNs !== file.mtimeNs) return false
    if (there.mode !== file.mode) {
      await this.#call(client => client.call(fileSet, { place, ...this.#looks(file) }, this.#signal))
    }
    if (!this.#options.compare) return true
    const hash = await this.#hashAt(place)
    return hash !== undefined && hash === (await localHash(file.path, this.#signal))
  }

  async #send(file: LocalFile, place: Place): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      // What a second attempt goes on from may be what was wrong: it begins anew.
      const resumes = attempt === 0
      try {
        await this.#call(async client => {
          const large = file.size >= RESUME_BYTES_MIN && resumes
          const left = large ? (await client.call(filePartial, { place }, this.#signal)).size : 0
          const offset = left > file.size ? 0 : left
          const items = this.#items(file, offset)
          await client.upload(filePut, { params: { place, offset, ...this.#looks(file) }, items }, this.#signal)
        })
        return
      } catch (error) {
        if (!isFault(error, 'Damaged') || attempt > 0) throw error
      }
    }
  }

  async *#items(file: LocalFile, offset: number): AsyncGenerator<Message<{ readonly sha256?: string }>> {
    const { tally } = this.#options
    const hash = createHash('sha256')
    let position = 0
    for await (const bytes of localBytes(file.path, this.#signal)) {
      hash.update(bytes)
      tally.settledBytes += bytes.byteLength
      const skip = Math.min(Math.max(offset - position, 0), bytes.byteLength)
      position += bytes.byteLength
      if (skip === bytes.byteLength) continue
      tally.bytes += bytes.byteLength - skip
      yield message({}, bytes.subarray(skip))
    }
    const after = await localStat(file.path)
    if (position !== file.size || after?.mtimeNs !== file.mtimeNs) {
      throw cliFault('Changed', 'changed while it was read', { hint: 'Run the command again.' })
    }
    yield message({ sha256: hash.digest('hex') }, NO_BYTES)
  }

  #looks(file: LocalFile) {
    const { mode, mtimeNs, uid, gid } = file
    return this.#options.keepOwner ? { mode, mtimeNs, uid, gid } : { mode, mtimeNs }
  }

  async #stat(place: Place): Promise<FileRow | undefined> {
    try {
      return await this.#call(client => client.call(fileStat, { place, follow: false }, this.#signal))
    } catch (error) {
      if (isFault(error, 'NotFound')) return undefined
      throw error
    }
  }

  // Undefined when what is there is damaged.
  async #hashAt(place: Place): Promise<string | undefined> {
    try {
      return (await this.#call(client => client.call(fileHash, { place }, this.#signal))).sha256
    } catch (error) {
      if (isFault(error, 'ChunkDamaged')) return undefined
      throw error
    }
  }

  // Gone already is fine: another put, or an attempt that a lost connection cut off, was here.
  async #remove(place: Place): Promise<void> {
    try {
      await this.#call(client => client.call(fileRemove, { place, recursive: false }, this.#signal))
    } catch (error) {
      if (!isFault(error, 'NotFound')) throw error
    }
  }

  #call<Value>(work: (client: Client) => Promise<Value>): Promise<Value> {
    return this.#options.door.run(work)
  }
}
