import { type ByteString, isFault, textOf } from '#base'
import { type Client, type EntryRow, type FileRow, fileList, fileRead, type Place } from '#rpc'
import { placeBelow } from '../cloud-path.ts'
import type { Context } from '../context.ts'
import type { LastingDoor } from '../lasting-door.ts'
import { cliFault } from '../faults.ts'
import { FILES_AT_ONCE } from '../limits.ts'
import { localStat } from '../local/files.ts'
import {
  type LocalLooks,
  linkLocal,
  makeLocalDirectory,
  makeLocalFifo,
  makeLocalLink,
  openPartialFile,
  setLocalLooks,
} from '../local/writing.ts'
import { Lanes } from './lanes.ts'
import type { Tally } from './tally.ts'

/** What a get works with. */
export interface GetOptions {
  readonly context: Context
  readonly door: LastingDoor
  readonly tally: Tally
  /** Keep owner and group: for root. */
  readonly keepOwner: boolean
}

/** Gets a file or tree of Cairn to a local path. What is there already, same size and time, is left as it is. */
export async function getTree(options: GetOptions, source: FileRow, from: Place, to: ByteString): Promise<void> {
  const get = new Get(options)
  await get.tree(source, from, to)
}

class Get {
  readonly #options: GetOptions
  readonly #lanes = new Lanes(FILES_AT_ONCE)
  readonly #firstNames = new Map<number, { readonly path: ByteString; readonly done: Promise<void> }>()
  readonly #directories: { readonly row: FileRow; readonly path: ByteString }[] = []

  /** Aborted when the get fails as a whole: what runs side by side ends with it. */
  readonly #broken = new AbortController()
  readonly #signal: AbortSignal

  constructor(options: GetOptions) {
    this.#options = options
    this.#signal = AbortSignal.any([options.context.signal, this.#broken.signal])
  }

  async tree(source: FileRow, from: Place, to: ByteString): Promise<void> {
    try {
      await this.#tree(source, from, to)
    } catch (error) {
      this.#broken.abort(error)
      throw error
    } finally {
      await this.#lanes.settle()
    }
  }

  async #tree(source: FileRow, from: Place, to: ByteString): Promise<void> {
    await this.#walk(source, from, to)
    await this.#lanes.finish()
    for (const { row, path } of this.#directories.reverse()) {
      await setLocalLooks(path, this.#looks(row))
    }
  }

  async #walk(row: FileRow, from: Place, to: ByteString): Promise<void> {
    const { tally } = this.#options
    this.#signal.throwIfAborted()
    try {
      if (row.kind !== 'directory') return await this.#entry(row, from, to)
      await makeLocalDirectory(to)
      this.#directories.push({ row, path: to })
      for (const entry of await this.#entries(from)) {
        await this.#walk(entry, placeBelow(from, entry.name), `${to === '/' ? '' : to}/${entry.name}`)
      }
    } catch (error) {
      tally.fail(to, error)
    }
  }

  // The whole directory at once: a stream held open across transfers would not survive a new storage process.
  #entries(place: Place): Promise<readonly EntryRow[]> {
    const { door } = this.#options
    return door.run(client => Array.fromAsync(client.download(fileList, { place }, this.#signal), item => item.head))
  }

  async #entry(row: FileRow, from: Place, to: ByteString): Promise<void> {
    if (row.kind === 'symlink') return makeLocalLink(to, row.target ?? '', this.#looks(row))
    if (row.kind === 'file') return this.#lane(row, from, to)
    if (row.kind === 'fifo') return makeLocalFifo(to, this.#looks(row))
    this.#options.tally.note(`${textOf(to)}: a ${row.kind} is left out`)
  }

  async #lane(row: FileRow, from: Place, to: ByteString): Promise<void> {
    const { tally } = this.#options
    const known = row.nlink > 1 ? this.#firstNames.get(row.ino) : undefined
    const settled = Promise.withResolvers<void>()
    if (row.nlink > 1 && known === undefined) this.#firstNames.set(row.ino, { path: to, done: settled.promise })
    await this.#lanes.add(async () => {
      try {
        if (known === undefined) await this.#file(row, from, to)
        else await known.done.then(() => linkLocal(known.path, to))
      } catch (error) {
        tally.fail(to, error)
      } finally {
        settled.resolve()
      }
    })
  }

  async #file(row: FileRow, from: Place, to: ByteString): Promise<void> {
    const { tally } = this.#options
    const there = await localStat(to)
    if (there?.kind === 'directory') throw cliFault('Local', 'is a directory here and a file in Cairn')
    if (there?.kind === 'file' && there.size === row.size && there.mtimeNs === row.mtimeNs) {
      await setLocalLooks(to, this.#looks(row))
      tally.skipped += 1
      tally.settledBytes += row.size
    } else {
      await this.#receive(row, from, to)
      tally.files += 1
    }
  }

  // A partial file of an earlier attempt may be of other content: then it is thrown away and all is fetched anew.
  async #receive(row: FileRow, from: Place, to: ByteString): Promise<void> {
    const { door } = this.#options
    for (let attempt = 0; ; attempt++) {
      try {
        return await door.run(client => this.#fetch(client, row, from, to))
      } catch (error) {
        if (!isFault(error, 'Damaged') || attempt > 0) throw error
      }
    }
  }

  async #fetch(client: Client, row: FileRow, from: Place, to: ByteString): Promise<void> {
    const { tally } = this.#options
    await using partial = await openPartialFile(to, this.#signal)
    const stream = client.download(fileRead, { place: from, offset: partial.offset }, this.#signal)
    let next = await stream.next()
    for (; next.done !== true; next = await stream.next()) {
      await partial.append(next.value.body)
      tally.bytes += next.value.body.byteLength
      tally.settledBytes += next.value.body.byteLength
    }
    if (partial.digest() !== next.value.sha256) {
      await partial.discard()
      throw cliFault('Damaged', 'what arrived is not what Cairn read', { hint: 'Run the command again.' })
    }
    await partial.finish(this.#looks(row))
  }

  #looks({ mode, mtimeNs, uid, gid }: FileRow): LocalLooks {
    return this.#options.keepOwner ? { mode, mtimeNs, owner: { uid, gid } } : { mode: mode & 0o1777, mtimeNs }
  }
}
