import fs from 'node:fs'
import type { World } from '#base'
import { type LocalKeyspace, openEmbeddedKeyspace, sqliteIndex } from '#keyspace'
import { FILESYSTEMS_MAX } from '#rpc'
import {
  afterChunks,
  type ChunkSource,
  type Filesystem,
  type Ino,
  openFilesystem,
  type UsedFilesystem,
} from '#storage/fs'
import { mainFault } from '../faults.ts'
import type { RemoteFilesystems } from '../remote-fs/remote-filesystems.ts'
import { FILESYSTEM_NAME_MAX } from '../limits.ts'

/** A filesystem of this machine with the keyspace under it. */
export interface OpenFilesystem {
  readonly name: string
  readonly filesystem: Filesystem
  readonly keyspace: LocalKeyspace
}

interface Held extends OpenFilesystem {
  readonly stack: AsyncDisposableStack
}

/** What filesystems are opened with. */
export interface FilesystemsOptions {
  readonly world: World
  readonly dataFolder: string
  readonly chunks: ChunkSource
  /** Names of filesystems whose mount outlived an earlier storage process. */
  readonly mounted: ReadonlySet<string>
  /** Those that live on another machine; undefined: there are none, and `home` is made when there is no other. */
  readonly elsewhere?: RemoteFilesystems | undefined
  /** True when a kernel of this machine may hold an inode. */
  readonly mayHold?: ((filesystem: string, ino: Ino) => boolean) | undefined
  /** Resolves when kernels of this machine have been told of all changes of a filesystem made elsewhere. */
  readonly told?: ((filesystem: string) => Promise<void>) | undefined
  /** Hears why a filesystem accepts nothing more until this process is started again, such as a disk that failed. */
  readonly failed?: ((filesystem: string, error: Error) => void) | undefined
}

/** The filesystems of this machine, each in DATA/fs/NAME with its own keyspace. */
export class Filesystems implements AsyncDisposable {
  readonly #options: FilesystemsOptions
  readonly #open = new Map<string, Held>()
  /** Names that come or go just now. */
  readonly #changing = new Map<string, 'made' | 'removed'>()

  /**
   * Opens all that are there; makes `home` when there are none. Ends removals that were cut off. Faults: those of keyspace
   * and filesystem.
   */
  static async open(options: FilesystemsOptions): Promise<Filesystems> {
    const filesystems = new Filesystems(options)
    try {
      await filesystems.#endRemovals()
      const names = options.world.disk.list(`${options.dataFolder}/fs`).filter(name => !name.startsWith('.'))
      const made = names.length === 0 && options.elsewhere === undefined ? ['home'] : names
      for (const name of made) await filesystems.#openOne(name)
      return filesystems
    } catch (error) {
      await filesystems[Symbol.asyncDispose]()
      throw error
    }
  }

  private constructor(options: FilesystemsOptions) {
    this.#options = options
  }

  /** Those that can be used. */
  get all(): readonly OpenFilesystem[] {
    return this.held.filter(({ name }) => this.#changing.get(name) !== 'removed')
  }

  /** Those whose files may be there after a power cut: with any that is being removed, until that is sure. */
  get held(): readonly OpenFilesystem[] {
    return [...this.#open.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** The filesystem of a name, wherever it lives. Faults: NotFound, Busy, HomeUnreachable. */
  use(name: string): UsedFilesystem {
    const here = this.#open.has(name) ? undefined : this.#options.elsewhere?.get(name)
    return here ?? this.get(name).filesystem
  }

  /** Those that live elsewhere and whose home has been reached. */
  get elsewhere(): RemoteFilesystems | undefined {
    return this.#options.elsewhere
  }

  /** The filesystem of a name, which lives here. Faults: NotFound, Busy, HomeElsewhere. */
  get(name: string): OpenFilesystem {
    const found = this.#open.get(name)
    if (this.#changing.get(name) === 'removed') throw changing(name, 'removed')
    if (found !== undefined) return found
    if (this.#options.elsewhere?.opening(name) !== undefined) {
      throw mainFault('HomeElsewhere', `${name} lives on another machine`, {
        hint: 'Do this on the first machine of the cloud; `cairn node ls` shows which it is.',
      })
    }
    throw mainFault('NotFound', `there is no filesystem ${name}`, {
      hint: `\`cairn fs ls\` lists them; \`cairn fs create ${name}\` makes it.`,
    })
  }

  /** Makes a filesystem. Faults: Invalid, Occupied, Busy. */
  async create(name: string): Promise<OpenFilesystem> {
    checkName(name)
    const change = this.#changing.get(name)
    if (change !== undefined) throw changing(name, change)
    if (this.#open.has(name)) throw there(name)
    const coming = [...this.#changing.values()].filter(each => each === 'made').length
    if (this.#open.size + coming >= FILESYSTEMS_MAX) {
      throw mainFault('Invalid', `there are ${FILESYSTEMS_MAX} filesystems already, as many as one machine may have`, {
        hint: 'Put the files into a directory of one of them; `cairn fs ls` lists them.',
      })
    }
    this.#changing.set(name, 'made')
    try {
      return await this.#openOne(name)
    } finally {
      this.#changing.delete(name)
    }
  }

  /**
   * Removes a filesystem with all that is in it: nothing of it can be asked for from now on, and what only it needed is
   * collected. After a kill all of it is there, or nothing. Faults: NotFound, Busy.
   */
  async remove(name: string): Promise<void> {
    this.get(name)
    this.#changing.set(name, 'removed')
    try {
      await this.#remove(name)
    } finally {
      this.#changing.delete(name)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { stack } of [...this.#open.values()].reverse()) await stack.disposeAsync()
  }

  // Until the new name is durable the files may come back: so long nothing that they need is collected.
  async #remove(name: string): Promise<void> {
    const { world, dataFolder } = this.#options
    const folder = `${dataFolder}/fs`
    await this.#open.get(name)?.stack.disposeAsync()
    // Under a name that no start opens before anything of it goes: half a filesystem is never opened.
    const gone = `${folder}/${REMOVED}${name}`
    await fs.promises.rm(gone, { recursive: true, force: true })
    world.disk.rename(`${folder}/${name}`, gone)
    await world.disk.syncFolder(folder)
    this.#open.delete(name)
    await fs.promises.rm(gone, { recursive: true, force: true })
  }

  async #endRemovals(): Promise<void> {
    const { world, dataFolder } = this.#options
    for (const name of world.disk.list(`${dataFolder}/fs`)) {
      if (!name.startsWith(REMOVED)) continue
      world.log.info('a removed filesystem goes', { filesystem: name.slice(REMOVED.length) })
      await fs.promises.rm(`${dataFolder}/fs/${name}`, { recursive: true, force: true })
    }
  }

  async #openOne(name: string): Promise<OpenFilesystem> {
    const { world, dataFolder, chunks, mounted, mayHold, told, failed } = this.#options
    const folder = `${dataFolder}/fs/${name}`
    await using opening = new AsyncDisposableStack()
    const keyspace = opening.use(
      await openEmbeddedKeyspace({
        world,
        folder: `${folder}/keyspace`,
        index: sqliteIndex,
        history: { ms: 0, revisions: 0 },
        ...afterChunks(chunks),
        failed: error => failed?.(name, error),
      }),
    )
    const filesystem = opening.use(
      await openFilesystem({
        world,
        folder,
        name,
        keyspace,
        chunks,
        bootId: bootId(),
        isMounted: mounted.has(name),
        ...(told === undefined ? {} : { told: () => told(name) }),
        ...(mayHold === undefined ? {} : { mayHold: (ino: Ino) => mayHold(name, ino) }),
        owner: { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 },
      }),
    )
    await world.disk.syncFolder(`${dataFolder}/fs`)
    const opened = { name, filesystem, keyspace, stack: opening.move() }
    this.#open.set(name, opened)
    return opened
  }
}

/** The running kernel's boot id (proc_sys_kernel(5)). */
export function bootId(): string {
  return fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
}

// Before the name of what goes.
const REMOVED = '.removed-'

function changing(name: string, change: 'made' | 'removed'): Error {
  return mainFault('Busy', `the filesystem ${name} is being ${change}`, { hint: 'Try again in a moment.' })
}

function there(name: string): Error {
  return mainFault('Occupied', `there is a filesystem ${name} already`, {
    hint: `Use it (\`cairn ls ${name}:/\`, \`cairn fs mount ${name} FOLDER\`), or choose another name.`,
  })
}

function checkName(name: string): void {
  if (/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name) && name.length <= FILESYSTEM_NAME_MAX) return
  throw mainFault('Invalid', `name: "${name}" cannot name a filesystem`, {
    hint: `Use lower-case letters, digits and inner dashes, at most ${FILESYSTEM_NAME_MAX}, such as "photos-2024".`,
  })
}
