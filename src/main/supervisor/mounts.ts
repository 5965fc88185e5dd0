import fs from 'node:fs'
import { isSystemError, type World } from '#base'
import { makeFolders } from '#host'
import { canResume, findMount, type MountHandle, mountFuse, raiseReadahead, requireFuse, umount } from '#storage/fuse'
import { mainFault } from '../faults.ts'
import { BUSY_RETRY_MS, BUSY_WAIT_MS, MOUNTS_MAX } from '../limits.ts'
import type { HeldMount, Negotiated } from '../messages.ts'
import { boundElsewhere } from '../mount-info.ts'
import { realPathOf } from '../real-path.ts'
import type { WantedMount } from './mount-table.ts'
import { mountTarget } from './mount-target.ts'
import { usersOfMount } from './mount-users.ts'

interface Held {
  readonly wanted: WantedMount
  readonly handle: MountHandle
  negotiated: Negotiated | undefined
  /** True once a storage process may have read from the descriptor. */
  given: boolean
}

/**
 * The mounts of this machine that Cairn serves. The supervisor holds their descriptors for as long as they are mounted,
 * so that the death of a storage process costs no client anything. It never touches what is behind them.
 */
export class Mounts {
  readonly #held = new Map<string, Held>()
  /** Where each filesystem is mounted or being mounted. */
  readonly #places = new Map<string, string>()
  readonly #dataFolder: string
  readonly #world: World

  constructor(dataFolder: string, world: World) {
    this.#dataFolder = dataFolder
    this.#world = world
  }

  /**
   * Mounts a filesystem and answers where, its real path; a dead mount there is healed first. A filesystem has one
   * mount: of two the kernel would keep names, content and locks apart.
   * Faults: Occupied, those of {@link mountTarget} and of `#storage/fuse`.
   */
  async mount({ filesystem, path }: WantedMount): Promise<WantedMount> {
    const there = this.#places.get(filesystem)
    if (there !== undefined) throw mountedAlready({ filesystem, path }, there)
    if (this.#places.size >= MOUNTS_MAX) {
      throw mainFault('Invalid', `more than ${MOUNTS_MAX} mounts`, { hint: 'Unmount one with `cairn fs umount`.' })
    }
    this.#places.set(filesystem, path) // before anything is awaited: another may ask meanwhile
    try {
      return await this.#mount({ filesystem, path })
    } catch (error) {
      this.#places.delete(filesystem)
      throw error
    }
  }

  /** As `mount`, from where the filesystem is mounted: that goes only when the folder can be mounted at. Faults: also Busy. */
  async move({ filesystem, path }: WantedMount): Promise<WantedMount> {
    const there = this.#places.get(filesystem)
    if (there === undefined) return this.mount({ filesystem, path })
    const target = await this.#target({ filesystem, path })
    await this.unmount(there)
    return this.mount({ filesystem, path: target })
  }

  async #target({ filesystem, path }: WantedMount): Promise<string> {
    const target = await mountTarget(path, this.#dataFolder)
    const other = [...this.#places].find(([name, place]) => place === target && name !== filesystem)
    if (other === undefined) return target
    throw mainFault('Occupied', `${other[0]} is mounted at ${target} already`, { hint: CHOOSE })
  }

  async #mount({ filesystem, path }: WantedMount): Promise<WantedMount> {
    requireFuse()
    const target = await this.#target({ filesystem, path })
    this.#places.set(filesystem, target)
    makeFolder(target)
    const handle = await mountFuse({ target, source: filesystem })
    const wanted = { filesystem, path: target }
    this.#held.set(target, { wanted, handle, negotiated: undefined, given: false })
    return wanted
  }

  /**
   * Before the next storage process: mounts anew what it could not take over, because the kernel does not send requests
   * again. Programs there lose their open files; the folder is theirs again.
   */
  async renew(): Promise<void> {
    const lost = [...this.#held.values()].filter(({ negotiated }) => negotiated !== undefined && !canResume(negotiated))
    for (const { wanted, handle } of lost) {
      this.#world.log.warn(`${wanted.path} is mounted anew: this kernel cannot hand it to another process`)
      this.#held.delete(wanted.path)
      this.#places.delete(wanted.filesystem)
      fs.closeSync(handle.fd) // ends what waits for an answer
      await umount(wanted.path, 'lazy')
      await this.mount(wanted)
    }
  }

  /** What the next storage process inherits. From then on the mounts count as touched by it. */
  handOut(): readonly HeldMount[] {
    return Array.from(this.#held.values(), held => {
      const resumed = held.given
      held.given = true
      const { negotiated } = held
      const row = { ...held.wanted, fd: held.handle.fd, resumed }
      return negotiated === undefined ? row : { ...row, negotiated }
    })
  }

  /** Keeps what a storage process agreed with the kernel. */
  agreed(path: string, negotiated: Negotiated): void {
    const held = this.#held.get(path)
    if (held === undefined) return
    held.negotiated = negotiated
    raiseReadahead(path)
  }

  /** The mount at a path, symlinks on the way followed. */
  async at(path: string): Promise<WantedMount | undefined> {
    return (this.#held.get(path) ?? this.#held.get(await realPathOf(path)))?.wanted
  }

  /**
   * Unmounts a path, and where it was bound to, while the storage process still serves it; answers its real path.
   * Faults: NotFound, Busy naming who uses it.
   */
  async unmount(wanted: string): Promise<string> {
    const path = (await this.at(wanted))?.path ?? wanted
    const held = this.#held.get(path)
    if (held === undefined) {
      throw mainFault('NotFound', `${path} is no mount of this Cairn`, { hint: '`cairn fs ls` lists them.' })
    }
    for (const place of [...boundElsewhere(path), path]) {
      if (await isTakenAway(place)) continue
      throw mainFault('Busy', `${place} is in use by ${usedBy(place)}`, {
        hint: 'Leave the folder and close the files there, then try again.',
      })
    }
    this.#forget(path, held)
    return path
  }

  /**
   * Unmounts everything, last mounted first, and where it was bound to as well: the kernel writes back only when the
   * last of them goes. Programs get BUSY_WAIT_MS to leave, or until `hurry`; then the name goes and they lose their
   * files when the storage process ends.
   */
  async unmountAll(hurry: AbortSignal): Promise<void> {
    for (const [path, held] of [...this.#held].reverse()) {
      for (const place of [...boundElsewhere(path), path]) {
        if (await this.#unmountSoon(place, hurry)) continue
        this.#world.log.warn(`${place} is in use by ${usedBy(place)}: taking it away anyway`)
        await umount(place, 'lazy')
      }
      this.#forget(path, held)
    }
  }

  /** Takes away what no storage process serves any more; asking first would wait for an answer nobody gives. */
  async dropAll(): Promise<void> {
    for (const [path, held] of [...this.#held].reverse()) {
      this.#forget(path, held)
      await umount(path, 'lazy')
    }
  }

  async #unmountSoon(path: string, hurry: AbortSignal): Promise<boolean> {
    const endMs = this.#world.clock.monotonicMs() + BUSY_WAIT_MS
    for (let told = false; ; told = true) {
      if (await isTakenAway(path)) return true
      if (hurry.aborted || this.#world.clock.monotonicMs() >= endMs) return false
      if (!told) this.#world.log.warn(`${path} is in use by ${usedBy(path)}: waiting`)
      await this.#world.clock.sleep(BUSY_RETRY_MS, hurry).catch(() => undefined)
    }
  }

  #forget(path: string, held: Held): void {
    this.#held.delete(path)
    this.#places.delete(held.wanted.filesystem)
    fs.closeSync(held.handle.fd)
  }
}

const CHOOSE = 'Choose another folder.'

function mountedAlready({ filesystem, path }: WantedMount, place: string): Error {
  const bind = `mount --bind ${place} ${path}`
  return mainFault('Occupied', `${filesystem} is mounted at ${place} already`, {
    hint: `Unmount it first with \`cairn fs umount ${place}\`, or show it in a second place as root: ${bind}`,
  })
}

function makeFolder(target: string): void {
  try {
    makeFolders(target, 0o777)
  } catch (error) {
    if (!isSystemError(error)) throw error
    const hint = 'Make the folder first, or choose one this user may make.'
    throw mainFault('Invalid', `the mount point ${target} cannot be made: ${error.message}`, { hint, cause: error })
  }
}

// Where mounts are shared (mount_namespaces(7)) one goes with another; and people unmount by themselves.
async function isTakenAway(path: string): Promise<boolean> {
  if (findMount(path) === undefined) return true
  return (await umount(path, 'gentle')).kind === 'done' || findMount(path) === undefined
}

function usedBy(path: string): string {
  const users = usersOfMount(path)
  return users.length === 0 ? 'a program of another user' : users.join(', ')
}
