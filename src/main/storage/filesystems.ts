import fs from 'node:fs'
import { byteStringOfText, type World } from '#base'
import {
  beginEpoch,
  epochsOf,
  type IndexFactory,
  type LocalKeyspace,
  type LogReach,
  openEmbeddedKeyspace,
  type Revision,
  sqliteIndex,
} from '#keyspace'
import { FILESYSTEMS_MAX } from '#rpc'
import {
  afterChunks,
  type ChunkSource,
  type Filesystem,
  type HomeSince,
  type Ino,
  type LeftBehind,
  LockFile,
  openFilesystem,
  type UsedFilesystem,
} from '#storage/fs'
import { mainFault } from '../faults.ts'
import type { RemoteFilesystems } from '../remote-fs/remote-filesystems.ts'
import type { AskStandIns } from '../remote-fs/transport.ts'
import { FILESYSTEM_NAME_MAX } from '../limits.ts'
import type { Roles } from '../replication/roles.ts'
import type { Shipping } from '../replication/shipping.ts'

/** A filesystem of this machine with the keyspace under it. */
export interface OpenFilesystem {
  readonly name: string
  readonly filesystem: Filesystem
  readonly keyspace: LocalKeyspace
  /** How far its log was when it was opened. */
  readonly reach: LogReach
}

interface Held extends OpenFilesystem {
  readonly stack: AsyncDisposableStack
  readonly shipping: Shipping | undefined
  /** Something written was on its way to the log when it was opened. */
  readonly wasStaged: boolean
  /** Of which something was locked from here, when it was a home's. */
  readonly locked: readonly Ino[]
}

/** What a machine gives a filesystem that is opened on it. */
export interface FilesystemsPlace {
  readonly index: IndexFactory
  /** See {@link bootId}. */
  readonly bootId: string
  /** Who owns the root directory of a new one. */
  readonly owner: { readonly uid: number; readonly gid: number }
  /** Leaf size of a new one; 1 MiB when undefined. */
  readonly chunkBytes?: number | undefined
}

/** What makes a filesystem one of many machines. */
export interface FilesystemsHomes {
  readonly roles: Roles
  /** Ships the log of a filesystem whose home is here. */
  ship(opened: { readonly name: string; readonly folder: string; readonly keyspace: LocalKeyspace }): Shipping
  /** The machine a filesystem lives on; undefined: nobody has said. */
  homeOf(name: string): string | undefined
  /** Asks machines that have its log, while its home is silent. */
  readonly standIn?: AskStandIns
  /** What programs here believe to have of when it was here; known once the home is reached. Undefined: it never was. */
  leftBehind?(name: string): Promise<LeftBehind> | undefined
  /** Runs `run` when that may be another one, until disposed. */
  onHomes(run: () => void): Disposable
  /** True while another machine may be its home without this one having heard of it. */
  isCutOff(name: string): boolean
  /** There is a new filesystem here, or one no longer. */
  claim(name: string): void
  drop(name: string): void
}

/** True for a filesystem of the cloud that is used here from elsewhere; a home that has lost its disk waits, as others do, for another. */
export function isElsewhere({ roles, homeOf }: FilesystemsHomes, name: string): boolean {
  return !roles.here.includes(name) && homeOf(name) !== undefined
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
  /** Resolves when kernels of this machine have been told of all changes of a filesystem made elsewhere. Undefined when they have. */
  readonly told?: ((filesystem: string) => Promise<void> | undefined) | undefined
  /** Undefined: all that are here live here. */
  readonly homes?: FilesystemsHomes | undefined
  /** Hears why a filesystem accepts nothing more until this process is started again, such as a disk that failed. */
  readonly failed?: ((filesystem: string, error: Error) => void) | undefined
  /** That of this process when undefined. */
  readonly place?: FilesystemsPlace | undefined
}

/** The filesystems of this machine, each in DATA/fs/NAME with its own keyspace. */
export class Filesystems implements AsyncDisposable {
  readonly #options: FilesystemsOptions
  readonly #open = new Map<string, Held>()
  /** Those whose home was here. */
  readonly #retired = new Set<string>()
  #isLeft = false
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
      for (const name of options.homes?.roles.retired ?? []) filesystems.#retired.add(name)
      const { homes, elsewhere } = options
      const isElsewhere = homes === undefined ? elsewhere !== undefined : homes.homeOf('home') !== undefined
      const made = names.length === 0 && !isElsewhere ? ['home'] : names
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
    return this.held.filter(({ name }) => this.#changing.get(name) !== 'removed' && !this.#retired.has(name))
  }

  /** Those whose files may be there after a power cut: with any that is being removed, until that is sure. */
  get held(): readonly OpenFilesystem[] {
    return [...this.#open.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** The filesystem of a name, wherever it lives. Faults: NotFound, Busy, HomeUnreachable. */
  use(name: string): UsedFilesystem {
    const isHere = this.#open.has(name) && !this.#retired.has(name)
    const here = isHere ? undefined : this.#options.elsewhere?.get(name)
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
    if (found !== undefined && !this.#retired.has(name)) return found
    if (this.#options.elsewhere?.opening(name) !== undefined || this.#retired.has(name)) {
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
    const home = this.#options.homes?.homeOf(name)
    if (home !== undefined) throw there(name)
    const coming = [...this.#changing.values()].filter(each => each === 'made').length
    if (this.#open.size + coming >= FILESYSTEMS_MAX) {
      throw mainFault('Invalid', `there are ${FILESYSTEMS_MAX} filesystems already, as many as one machine may have`, {
        hint: 'Put the files into a directory of one of them; `cairn fs ls` lists them.',
      })
    }
    this.#changing.set(name, 'made')
    try {
      const made = await this.#openOne(name)
      this.#options.homes?.claim(name)
      return made
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
      this.#options.homes?.drop(name)
    } finally {
      this.#changing.delete(name)
    }
  }

  /** A filesystem whose home was here, as it was then. */
  retired(name: string): Held | undefined {
    return this.#retired.has(name) ? this.#open.get(name) : undefined
  }

  /** Closes a filesystem whose home was here; when this answers, `take` has taken its folder. */
  async giveUpRetired(name: string, take: () => Promise<void>): Promise<void> {
    await this.#open.get(name)?.stack.disposeAsync()
    await take()
    this.#open.delete(name)
    this.#retired.delete(name)
  }

  /** How the log of a filesystem is brought to other machines; undefined: it is not. */
  shippingOf(name: string): Shipping | undefined {
    return this.#open.get(name)?.shipping
  }

  /** Other processes go on with these filesystems at once: nothing is brought to disk or to other machines any more. */
  leave(): void {
    this.#isLeft = true
  }

  /** This machine goes down: nobody waits longer for logs on other machines than a moment. */
  hurry(): void {
    for (const { shipping } of this.#open.values()) shipping?.shipper.hurry()
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
    await world.disk.removeFolder(gone)
    world.disk.rename(`${folder}/${name}`, gone)
    await world.disk.syncFolder(folder)
    this.#open.delete(name)
    await world.disk.removeFolder(gone)
  }

  async #endRemovals(): Promise<void> {
    const { world, dataFolder } = this.#options
    for (const name of world.disk.list(`${dataFolder}/fs`)) {
      if (!name.startsWith(REMOVED)) continue
      world.log.info('a removed filesystem goes', { filesystem: name.slice(REMOVED.length) })
      await world.disk.removeFolder(`${dataFolder}/fs/${name}`)
    }
  }

  async #openOne(name: string): Promise<OpenFilesystem> {
    const { world, dataFolder, chunks, mounted, mayHold, told, failed, homes, place = ownPlace() } = this.#options
    const { index, bootId, owner, chunkBytes } = place
    const isRetired = this.#retired.has(name)
    const folder = `${dataFolder}/fs/${name}`
    // The one that is opened to be given up holds none.
    const locked = isRetired ? new LockFile(world.disk, folder, bootId).read().map(({ ino }) => ino) : []
    await using opening = new AsyncDisposableStack()
    const shipped: { shipping?: Shipping } = {}
    const keyspace = opening.use(
      await openEmbeddedKeyspace({
        world,
        folder: `${folder}/keyspace`,
        ...(isRetired || homes === undefined ? {} : { shipped: async to => shipped.shipping?.shipper.shipped(to) }),
        index,
        history: { ms: 0, revisions: 0 },
        ...afterChunks(chunks),
        failed: error => failed?.(name, error),
      }),
    )
    const reach = { epochs: epochsOf(keyspace), last: keyspace.revision }
    const newest = reach.epochs.at(-1)
    // A power cut may have taken what the next home has: what is written here now, in the same revisions, is another log.
    if (isRetired && newest !== undefined) beginEpoch(keyspace, { epoch: newest.epoch, boot: bootId })
    if (!isRetired && homes !== undefined) {
      shipped.shipping = opening.use(homes.ship({ name, folder: `${folder}/keyspace`, keyspace }))
    }
    const filesystem = await openFilesystem({
      world,
      folder,
      name,
      keyspace,
      chunks,
      bootId,
      since: shipped.shipping === undefined ? undefined : homeSince(keyspace, shipped.shipping.own),
      epochs: shipped.shipping === undefined ? undefined : epochsOf(keyspace),
      isMounted: mounted.has(name) && !isRetired,
      ...(homes === undefined ? {} : { isCutOff: () => homes.isCutOff(name) }),
      ...(told === undefined ? {} : { told: () => told(name) }),
      ...(mayHold === undefined ? {} : { mayHold: (ino: Ino) => mayHold(name, ino) }),
      owner,
      chunkBytes,
    })
    opening.defer(() => (this.#isLeft ? filesystem.abandon() : filesystem[Symbol.asyncDispose]()))
    await world.disk.syncFolder(`${dataFolder}/fs`)
    const { shipping } = shipped
    const wasStaged = isRetired && hasNewContent(keyspace, reach.last)
    const opened = { name, filesystem, keyspace, shipping, reach, wasStaged, locked, stack: opening.move() }
    this.#open.set(name, opened)
    return opened
  }
}

function ownPlace(): FilesystemsPlace {
  const owner = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 }
  return { index: sqliteIndex, bootId: bootId(), owner }
}

/** The running kernel's boot id (proc_sys_kernel(5)). */
export function bootId(): string {
  return fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
}

// Where the log of the home before ends, until the machine that is the home now has been started anew.
function homeSince(keyspace: LocalKeyspace, own: string): HomeSince | undefined {
  const starts = epochsOf(keyspace)
  const epoch = starts.at(-1)?.epoch
  const [start, ...more] = starts.filter(each => each.epoch === epoch)
  return start === undefined || more.length > 0 || starts.length === 1 ? undefined : { first: start.first, own }
}

// What was staged is laid over its files when a filesystem is opened.
function hasNewContent(keyspace: LocalKeyspace, since: Revision): boolean {
  const { entries } = keyspace.rangeNow({ keys: { kind: 'prefix', prefix: EXTENT_PREFIX }, want: 'keys' })
  return entries.some(({ modRevision }) => modRevision > since)
}

const EXTENT_PREFIX = byteStringOfText('e')

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
