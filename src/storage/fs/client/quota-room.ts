import { andThen, isLater } from '#base'
import { ERRNO, isErrno } from '../errno.ts'
import type { Extent } from '../extent.ts'
import { ROOM_AHEAD_BYTES, ROOMS_PER_CALL_MAX } from '../limits.ts'
import type { HomeLink, Room } from '../operation.ts'
import { roomFor } from '../quota.ts'
import type { Attributes, Ino, Reply } from '../vfs.ts'
import { call } from './call.ts'
import type { DirtyFile } from './dirty-file.ts'

/** Bytes that are needed of each quota, by its id. */
type Needs = ReadonlyMap<number, number>

/**
 * Room in quotas that the home has promised for what was written here and is not there yet. It never believes more than the home
 * has promised: an answer counts without what has landed since it was asked for, and not at all after room was given back.
 */
export class QuotaRoom {
  readonly #link: HomeLink
  readonly #files: ReadonlyMap<Ino, DirtyFile>
  readonly #rooms = new Map<number, number>()
  /** What has come to the home of each quota. */
  readonly #landed = new Map<number, number>()
  /** Quotas of which the home may believe that room of them is needed here. */
  readonly #asked = new Set<number>()
  #returns = 0

  constructor(link: HomeLink, files: ReadonlyMap<Ino, DirtyFile>) {
    this.#link = link
    this.#files = files
  }

  /** True when a file may grow by these bytes: the home has promised room for that and for all that has not landed yet. */
  has(ino: Ino, growth: number): Reply<boolean> {
    const limited = growth === 0 ? NO_QUOTAS : this.limitedBy(ino)
    if (limited.length === 0) return true
    const all = this.#needs({ ino, growth })
    const needs = new Map(limited.map(id => [id, all.get(id) ?? 0]))
    return this.#covers(needs) ? true : call(() => this.#ask(needs))
  }

  /** The quotas with a limit on bytes that a file counts against. */
  limitedBy(ino: Ino): readonly number[] {
    const answer = this.#link.call('limitsOf', { ino })
    const isKnown = !isErrno(answer) && !isLater(answer) && answer.length > 0
    if (!isKnown) return this.#files.get(ino)?.quotas ?? NO_QUOTAS
    return answer.flatMap(({ id, bytesMax }) => (bytesMax === undefined ? [] : [id]))
  }

  /** This has come to the home. */
  landed(ino: Ino, extents: readonly Extent[]): void {
    if (this.#asked.size === 0) return
    const bytes = extents.reduce((sum, extent) => sum + extent.bytes, 0)
    for (const id of this.limitedBy(ino)) {
      this.#landed.set(id, (this.#landed.get(id) ?? 0) + bytes)
      this.#rooms.set(id, Math.max(0, (this.#rooms.get(id) ?? 0) - bytes))
    }
  }

  /** Gives back what is not needed. */
  giveBack(): Reply<void> {
    if (this.#asked.size === 0) return undefined
    this.#returns += 1
    const needs = this.#needs()
    const asked = [...this.#asked].slice(0, ROOMS_PER_CALL_MAX)
    const rooms = asked.map(id => ({ id, least: 0, most: needs.get(id) ?? 0 }))
    for (const { id, most } of rooms) {
      this.#rooms.set(id, Math.min(this.#rooms.get(id) ?? 0, most))
      if (most === 0) this.#forget(id)
    }
    const given = call(() => this.#link.call('reserve', { rooms }))
    return andThen(given, answer => {
      if (!isErrno(answer)) return undefined
      for (const { id } of rooms) this.#asked.add(id)
      return answer
    })
  }

  /** Another session, or another process at the home, knows of no promise. */
  lose(): void {
    this.#returns += 1
    this.#rooms.clear()
  }

  // What has not landed counts in full: what it replaces at the home is not known here.
  #needs(more?: { readonly ino: Ino; readonly growth: number }): Needs {
    const needs = new Map<number, number>()
    const add = (ino: Ino, bytes: number): void => {
      for (const id of this.limitedBy(ino)) needs.set(id, (needs.get(id) ?? 0) + roomFor(bytes))
    }
    for (const { ino, unlandedBytes } of this.#files.values()) {
      add(ino, unlandedBytes + (ino === more?.ino ? more.growth : 0))
    }
    if (more !== undefined && !this.#files.has(more.ino)) add(more.ino, more.growth)
    return needs
  }

  #covers(needs: Needs): boolean {
    for (const [id, bytes] of needs) if (bytes > (this.#rooms.get(id) ?? 0)) return false
    return true
  }

  // In steps, so that a writer elsewhere seldom waits for an answer.
  #ask(needs: Needs): Reply<boolean> {
    const ahead = this.#link.remote === undefined ? 0 : ROOM_AHEAD_BYTES
    const rooms = Array.from(needs, ([id, least]) => ({ id, least, most: least + ahead }))
    const before = new Map(rooms.map(({ id }) => [id, this.#landed.get(id) ?? 0]))
    const returns = this.#returns
    for (const { id } of rooms) this.#asked.add(id)
    return andThen(this.#link.call('reserve', { rooms }), answer => {
      if (isErrno(answer)) return answer === ERRNO.EDQUOT ? false : answer
      const isPromised = rooms.every(({ id, least }) => least <= bytesOf(answer, id))
      if (returns !== this.#returns) return isPromised ? this.#ask(needs) : false
      for (const { id, bytes } of answer) {
        const landed = (this.#landed.get(id) ?? 0) - (before.get(id) ?? 0)
        this.#rooms.set(id, Math.max(0, bytes - landed))
      }
      return isPromised
    })
  }

  #forget(id: number): void {
    this.#asked.delete(id)
    this.#rooms.delete(id)
    this.#landed.delete(id)
  }
}

// A limit that was lifted meanwhile is not answered: there is room.
function bytesOf(rooms: readonly Room[], id: number): number {
  return rooms.find(room => room.id === id)?.bytes ?? Number.POSITIVE_INFINITY
}

const NO_QUOTAS: readonly number[] = []

/** Without holes, as far as the space it takes can tell. */
export function isDense({ blocks, size }: Pick<Attributes, 'blocks' | 'size'>): boolean {
  return blocks * 512 >= size
}
