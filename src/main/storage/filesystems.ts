import fs from 'node:fs'
import type { World } from '#base'
import { type LocalKeyspace, openEmbeddedKeyspace, sqliteIndex } from '#keyspace'
import { FILESYSTEMS_MAX } from '#rpc'
import type { ChunkStore } from '#storage/chunks'
import { afterChunks, type Filesystem, openFilesystem } from '#storage/fs'
import { mainFault } from '../faults.ts'
import { FILESYSTEM_NAME_MAX } from '../limits.ts'

/** A filesystem of this machine with the keyspace under it. */
export interface OpenFilesystem {
  readonly name: string
  readonly filesystem: Filesystem
  readonly keyspace: LocalKeyspace
}

/** What filesystems are opened with. */
export interface FilesystemsOptions {
  readonly world: World
  readonly dataFolder: string
  readonly chunks: ChunkStore
  /** Names of filesystems whose mount outlived an earlier storage process. */
  readonly mounted: ReadonlySet<string>
  /** Hears why a filesystem accepts nothing more until this process is started again, such as a disk that failed. */
  readonly failed?: ((filesystem: string, error: Error) => void) | undefined
}

/** The filesystems of this machine, each in DATA/fs/NAME with its own keyspace. */
export class Filesystems implements AsyncDisposable {
  readonly #options: FilesystemsOptions
  readonly #open = new Map<string, OpenFilesystem>()
  readonly #stack = new AsyncDisposableStack()

  /** Opens all that are there; makes `home` when there are none. Faults: those of keyspace and filesystem. */
  static async open(options: FilesystemsOptions): Promise<Filesystems> {
    const filesystems = new Filesystems(options)
    try {
      const names = options.world.disk.list(`${options.dataFolder}/fs`).filter(name => !name.startsWith('.'))
      for (const name of names.length === 0 ? ['home'] : names) await filesystems.#openOne(name)
      return filesystems
    } catch (error) {
      await filesystems[Symbol.asyncDispose]()
      throw error
    }
  }

  private constructor(options: FilesystemsOptions) {
    this.#options = options
  }

  get all(): readonly OpenFilesystem[] {
    return [...this.#open.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** The filesystem of a name. Faults: NotFound. */
  get(name: string): OpenFilesystem {
    const found = this.#open.get(name)
    if (found !== undefined) return found
    throw mainFault('NotFound', `there is no filesystem ${name}`, {
      hint: `\`cairn fs ls\` lists them; \`cairn fs create ${name}\` makes it.`,
    })
  }

  /** Makes a filesystem. Faults: Invalid, Occupied. */
  async create(name: string): Promise<OpenFilesystem> {
    checkName(name)
    if (this.#open.has(name)) throw there(name)
    if (this.#open.size >= FILESYSTEMS_MAX) {
      throw mainFault('Invalid', `there are ${FILESYSTEMS_MAX} filesystems already, as many as one machine may have`, {
        hint: 'Put the files into a directory of one of them; `cairn fs ls` lists them.',
      })
    }
    return this.#openOne(name)
  }

  /**
   * Removes a filesystem with all that is in it: nothing of it can be asked for from now on, and what only it needed is
   * collected. Faults: NotFound.
   */
  async remove(name: string): Promise<void> {
    const { filesystem, keyspace } = this.get(name)
    this.#open.delete(name)
    await filesystem[Symbol.asyncDispose]()
    await keyspace[Symbol.asyncDispose]()
    const { world, dataFolder } = this.#options
    const folder = `${dataFolder}/fs`
    // Under a name that no start opens before anything of it goes: half a filesystem is never opened.
    const gone = `${folder}/.removed-${name}`
    fs.rmSync(gone, { recursive: true, force: true })
    world.disk.rename(`${folder}/${name}`, gone)
    await world.disk.syncFolder(folder)
    await fs.promises.rm(gone, { recursive: true, force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
  }

  async #openOne(name: string): Promise<OpenFilesystem> {
    const { world, dataFolder, chunks, mounted, failed } = this.#options
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
        bootId: fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
        isMounted: mounted.has(name),
        owner: { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 },
      }),
    )
    await world.disk.syncFolder(`${dataFolder}/fs`)
    const opened = { name, filesystem, keyspace }
    this.#stack.use(opening.move())
    this.#open.set(name, opened)
    return opened
  }
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
