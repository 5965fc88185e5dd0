import { type Clock, forAWhile, type World } from '#base'
import { type Ino, LateVfs, type Vfs } from '#storage/fs'
import { type FuseSession, type IdPairs, openFuseSession } from '#storage/fuse'
import type { HeldMount, Negotiated } from '../messages.ts'
import { TOLD_TIMEOUT_MS } from '../limits.ts'
import type { Filesystems } from './filesystems.ts'
import type { IdsFile } from './ids-file.ts'

/** What serving mounts needs. */
export interface SessionsOptions {
  readonly mounts: readonly HeldMount[]
  readonly filesystems: Filesystems
  readonly world: World
  /** Who users and groups of this machine are in filesystems. */
  readonly ids: IdsFile
  /** Told what the kernel and this process agreed on a mount. */
  agreed(path: string, negotiated: Negotiated): void
}

/** The mounts this process serves; those that were unmounted meanwhile are gone from the list. */
export class Sessions implements AsyncDisposable {
  readonly #served = new Map<HeldMount, FuseSession>()
  readonly #clock: Clock
  readonly #ids: IdsFile

  private constructor({ world, ids }: SessionsOptions) {
    this.#clock = world.clock
    this.#ids = ids
  }

  /** Serves the mounts whose descriptors this process inherited. Faults: those of `#storage/fuse`, NotFound. */
  static async open(options: SessionsOptions): Promise<Sessions> {
    await using opening = new AsyncDisposableStack()
    const sessions = opening.use(new Sessions(options))
    for (const mount of options.mounts) {
      const later = options.filesystems.elsewhere?.opening(mount.filesystem)
      // While its home is off, programs wait, for as long as they would for one that was reached before.
      const late =
        later === undefined
          ? undefined
          : new LateVfs(
              later.then(({ vfs }) => vfs),
              options.world.clock,
            )
      await sessions.#openOne(mount, late ?? options.filesystems.use(mount.filesystem).vfs, options)
    }
    opening.move()
    return sessions
  }

  /** The mounts being served. */
  get mounts(): readonly HeldMount[] {
    return [...this.#served.keys()]
  }

  /** True when a kernel may hold an inode of a filesystem. */
  mayHold(filesystem: string, ino: Ino): boolean {
    for (const [mount, session] of this.#served)
      if (mount.filesystem === filesystem && session.mayHold(ino)) return true
    return false
  }

  /** Who users and groups of this machine are in a filesystem. */
  idsOf(filesystem: string): IdPairs {
    return this.#ids.of(filesystem)
  }

  /** They are these from now on; the kernel has been told when it resolves. */
  async mapIds(filesystem: string, ids: IdPairs): Promise<void> {
    await this.#ids.keep(filesystem, ids)
    for (const [mount, session] of this.#served) if (mount.filesystem === filesystem) session.mapIds(ids)
    await this.told(filesystem)
  }

  /** Resolves when a filesystem whose mounts were taken away is served no more, or after a while. */
  async left(filesystem: string): Promise<void> {
    const ended = [...this.#served]
      .filter(([mount]) => mount.filesystem === filesystem)
      .map(([, session]) => session.ended)
    await forAWhile(Promise.all(ended), this.#clock, TOLD_TIMEOUT_MS)
  }

  /** Resolves when kernels have been told of all changes of a filesystem made elsewhere, or after a while. Undefined when they have. */
  told(filesystem: string): Promise<void> | undefined {
    const all = [...this.#served].filter(([mount]) => mount.filesystem === filesystem)
    const untold = all.map(([, session]) => session.told()).filter(told => told !== undefined)
    return forAWhile(untold.length === 0 ? undefined : Promise.all(untold), this.#clock, TOLD_TIMEOUT_MS)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Array.from(this.#served.values(), session => session[Symbol.asyncDispose]()))
  }

  async #openOne(mount: HeldMount, vfs: Vfs, { world, ids, agreed }: SessionsOptions): Promise<void> {
    const session = await openFuseSession({
      fd: mount.fd,
      vfs,
      ids: ids.of(mount.filesystem),
      log: world.log,
      resumed: mount.resumed,
      negotiated: mount.negotiated,
      onNegotiated: negotiated => agreed(mount.path, negotiated),
    })
    this.#served.set(mount, session)
    void session.ended.then(() => this.#served.delete(mount))
  }
}
