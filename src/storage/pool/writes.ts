import { type Clock, type Digest, digestHex, isFault, OVER, whyOf } from '#base'
import { giveBack, takeBlock } from '#rpc'
import { poolFault } from './faults.ts'
import type { Holders } from './holders.ts'
import {
  BROUGHT_AT_A_TIME,
  COPIES_WAIT_MS,
  LEAVING_WAIT_MS,
  LEAVING_BYTES_MAX,
  LEAVING_CHUNKS_MAX,
  RETRY_MS,
  SEND_UNASKED_BYTES_MAX,
  SILENT_BYTES_PER_MS,
  SILENT_MS,
  TICK_MS,
} from './limits.ts'
import type { PoolParts } from './parts.ts'
import { Slots } from './slots.ts'
import { wholeChunk } from './whole-chunk.ts'

/**
 * Chunks on their way to the machines that shall hold them. A chunk is `here` on a machine when that has taken it, and
 * durable there when a later sync of the same boot has ended; who fails or is silent is replaced by the next in order.
 */
export class Writes {
  readonly #parts: PoolParts
  readonly #holders: Holders
  readonly #leaving = new Set<Leaving>()
  readonly #digests = new Map<Digest, number>()
  readonly #bytes = new Slots(LEAVING_BYTES_MAX)
  readonly #chunks = new Slots(LEAVING_CHUNKS_MAX)
  readonly #brought = new Slots(BROUGHT_AT_A_TIME)
  /** Machines that did not take the last chunk: that is told once. */
  readonly #failing = new Set<string>()
  /** Machines at which a sync is under way; true when another has to follow. */
  readonly #syncing = new Map<string, boolean>()
  readonly #hurried = Promise.withResolvers<number>()

  constructor(parts: PoolParts, holders: Holders) {
    this.#parts = parts
    this.#holders = holders
  }

  /** True while the chunk has not yet all the copies it needs now. */
  isLeaving(digest: Digest): boolean {
    return this.#digests.has(digest)
  }

  /** How many chunks have not yet all the copies they need now. */
  get count(): number {
    return this.#leaving.size
  }

  /** Stores a chunk here and begins to send it. Faults: those of the own store. */
  async put(bytes: Uint8Array): Promise<Digest> {
    const { copies } = this.#parts
    const place = await this.#chunks.take(1)
    const room = await this.#bytes.take(bytes.byteLength)
    try {
      const copy = copyOf(bytes)
      const digest = await copies.hold(bytes)
      const leaving = this.#add({ digest, byteLength: bytes.byteLength, body: { bytes: copy, room }, place })
      this.#advance(leaving)
      return digest
    } catch (error) {
      room[Symbol.dispose]()
      place[Symbol.dispose]()
      throw error
    }
  }

  /** Sees to it that a chunk that is here has its copies by the next sync. However many there are, nobody waits before that. */
  bring(digest: Digest): void {
    if (this.isLeaving(digest)) return
    const chunk = this.#add({ digest, byteLength: 0, body: undefined, place: undefined })
    void this.#brought.take(1).then(place => {
      chunk.place = place
      this.#advance(chunk)
    })
  }

  /** Resolves when every chunk put before has enough durable copies. Faults: NoCopies, those of the own store. */
  async sync(): Promise<void> {
    const goal = [...this.#leaving]
    for (const chunk of goal) {
      chunk.isAsked = true
      this.#advance(chunk)
    }
    // One of them may have been stored while this machine was alone.
    await this.#parts.store.sync()
    if (goal.length > 0) await this.#settled(goal)
  }

  /** This machine goes down: while too few machines are Online, nobody waits longer for copies than a moment. */
  hurry(): void {
    this.#hurried.resolve(this.#nowMs + LEAVING_WAIT_MS)
  }

  /** Looks whether somebody is silent, back, or no longer Online. Called now and then, and when the map has changed. */
  look(): void {
    const nowMs = this.#nowMs
    for (const chunk of this.#leaving) {
      for (const copy of chunk.copies.values()) {
        const waitMs = SILENT_MS + chunk.byteLength / SILENT_BYTES_PER_MS
        if (isAwaited(copy) && nowMs - copy.sinceMs > waitMs) copy.isSilent = true
      }
      this.#advance(chunk)
    }
  }

  get #nowMs(): number {
    return this.#parts.world.clock.monotonicMs()
  }

  #add(chunk: Pick<Leaving, 'digest' | 'byteLength' | 'body' | 'place'>): Leaving {
    const isBrought = chunk.body === undefined
    const leaving: Leaving = {
      ...chunk,
      isBrought,
      copies: new Map(),
      // Nobody may ask for it, and it would keep its place.
      isAsked: isBrought,
      isBodyLost: false,
      done: Promise.withResolvers(),
    }
    this.#leaving.add(leaving)
    this.#digests.set(chunk.digest, (this.#digests.get(chunk.digest) ?? 0) + 1)
    return leaving
  }

  // Sends to as many as are needed now, in order, passing over who failed or is silent.
  #advance(chunk: Leaving): void {
    if (!this.#leaving.has(chunk) || chunk.place === undefined) return
    const view = this.#parts.view()
    let active = 0
    for (const name of view.order(view.groupOf(chunk.digest))) {
      if (active >= view.copiesNow) break
      const copy = chunk.copies.get(name)
      const isDue = copy === undefined || (copy.state === 'failed' && this.#nowMs - copy.sinceMs >= RETRY_MS)
      if (isDue && view.isOnline(name)) this.#send(chunk, name)
      const now = chunk.copies.get(name)
      if (now !== undefined && now.state !== 'failed' && !now.isSilent) active++
    }
    if (chunk.isAsked) for (const [name, copy] of chunk.copies) if (copy.state === 'here') this.#syncAt(name)
    if (![...chunk.copies.values()].some(copy => copy.state === 'coming' && !copy.isSilent)) letGo(chunk)
    if (durableCopies(chunk) >= view.copiesNow) this.#end(chunk)
  }

  #send(chunk: Leaving, name: string): void {
    const copy: Copy = { state: 'coming', sinceMs: this.#nowMs, boot: '', isSilent: false }
    chunk.copies.set(name, copy)
    if (name === this.#parts.machines.own) {
      note(copy, { state: 'here', boot: this.#parts.boot, nowMs: this.#nowMs })
      return
    }
    this.#deliver(chunk, name).then(
      boot => {
        this.#failing.delete(name)
        note(copy, { state: 'here', boot, nowMs: this.#nowMs })
        this.#advance(chunk)
      },
      (error: unknown) => this.#failed(chunk, copy, { name, error }),
    )
  }

  async #deliver({ digest, byteLength, body }: Leaving, name: string): Promise<string> {
    const holder = this.#holders.get(name)
    if (body === undefined || byteLength > SEND_UNASKED_BYTES_MAX) {
      const boot = await holder.renew(digest)
      if (boot !== undefined) return boot
    }
    return await holder.put(digest, () => body?.bytes ?? wholeChunk(this.#parts.store, digest), this.#parts.signal)
  }

  #failed(chunk: Leaving, copy: Copy, { name, error }: { readonly name: string; readonly error: unknown }): void {
    const { world, signal } = this.#parts
    if (signal.aborted) return
    if (chunk.isBrought && (isFault(error, 'ChunkDamaged') || isFault(error, 'ChunkMissing'))) {
      // It may have been acknowledged long ago: its readers are told, not whoever syncs now.
      world.log.warn('a chunk of the log cannot be copied', { digest: digestHex(chunk.digest), error: whyOf(error) })
      this.#end(chunk)
      return
    }
    if (!this.#failing.has(name))
      world.log.info('a machine does not take chunks', { machine: name, error: whyOf(error) })
    this.#failing.add(name)
    note(copy, { state: 'failed', boot: '', nowMs: this.#nowMs })
    chunk.isBodyLost = true
    this.#advance(chunk)
  }

  // One sync at a machine at a time covers all that is there when it begins.
  #syncAt(name: string): void {
    if (this.#syncing.has(name)) {
      this.#syncing.set(name, true)
      return
    }
    const covered = [...this.#leaving].filter(chunk => chunk.isAsked && chunk.copies.get(name)?.state === 'here')
    if (covered.length === 0) return
    this.#syncing.set(name, false)
    for (const chunk of covered) note(chunk.copies.get(name), { state: 'syncing', nowMs: this.#nowMs })
    const boot = this.#bootAfterSync(name)
    void boot
      .then(
        now => this.#synced(covered, name, now),
        (error: unknown) => this.#synced(covered, name, undefined, error),
      )
      .finally(() => {
        const isAgain = this.#syncing.get(name) === true
        this.#syncing.delete(name)
        for (const chunk of covered) this.#advance(chunk)
        if (isAgain) this.#syncAt(name)
      })
  }

  async #bootAfterSync(name: string): Promise<string> {
    const { machines, store, boot, signal } = this.#parts
    if (name !== machines.own) return await this.#holders.get(name).sync(signal)
    await store.sync()
    return boot
  }

  // Another boot than that which took the chunk may have lost it: it is sent again.
  #synced(covered: readonly Leaving[], name: string, boot: string | undefined, error?: unknown): void {
    if (boot === undefined && !this.#parts.signal.aborted) {
      this.#parts.world.log.info('a machine did not sync', { machine: name, error: whyOf(error) })
    }
    for (const chunk of covered) {
      const copy = chunk.copies.get(name)
      if (copy?.state !== 'syncing') continue
      if (boot === undefined) note(copy, { state: 'failed', nowMs: this.#nowMs })
      else if (boot === copy.boot) note(copy, { state: 'durable', nowMs: this.#nowMs })
      else chunk.copies.delete(name)
    }
  }

  async #settled(goal: readonly Leaving[]): Promise<void> {
    const over = new AbortController()
    const signal = AbortSignal.any([over.signal, this.#parts.signal])
    const late = lateAfter(this.#parts.world.clock, COPIES_WAIT_MS, signal)
    const done = Promise.all(goal.map(chunk => chunk.done.promise))
    try {
      await Promise.race([done, late, this.#inVain(signal)])
    } finally {
      over.abort(OVER)
    }
    this.#parts.signal.throwIfAborted()
    const view = this.#parts.view()
    for (const chunk of goal) {
      if (!this.#leaving.has(chunk)) continue
      if (durableCopies(chunk) < view.minReplicas) throw noCopies(chunk, view.minReplicas)
      this.#end(chunk)
    }
  }

  // Resolves when this machine goes down and there is nobody to wait for.
  async #inVain(signal: AbortSignal): Promise<void> {
    const { world } = this.#parts
    const untilMs = await this.#hurried.promise
    while (!signal.aborted) {
      const { onlineCount, minReplicas } = this.#parts.view()
      if (onlineCount < minReplicas && this.#nowMs >= untilMs) return
      await lateAfter(world.clock, TICK_MS, signal)
    }
  }

  #end(chunk: Leaving): void {
    const view = this.#parts.view()
    letGo(chunk)
    chunk.place?.[Symbol.dispose]()
    this.#leaving.delete(chunk)
    const left = (this.#digests.get(chunk.digest) ?? 1) - 1
    if (left === 0) this.#digests.delete(chunk.digest)
    else this.#digests.set(chunk.digest, left)
    chunk.done.resolve()
    const group = view.groupOf(chunk.digest)
    const lacks = (name: string) => chunk.copies.get(name)?.state !== 'durable' && view.stateOf(name) !== 'Offline'
    const isExtra = !view.isWanted(view.own, group) && !view.isAway(group)
    if (isExtra || view.wanted(group).some(lacks)) this.#parts.owe(group)
  }
}

interface Copy {
  state: 'coming' | 'here' | 'syncing' | 'durable' | 'failed'
  sinceMs: number
  boot: string
  /** It has not answered for too long: another one is asked, but it counts when it answers after all. */
  isSilent: boolean
}

interface Leaving {
  readonly digest: Digest
  readonly byteLength: number
  /** Until nobody needs it any more; sent again it is read from the disk. */
  body: { readonly bytes: Uint8Array; readonly room: Disposable } | undefined
  /** A call that failed may still have the body in a socket: its memory is not used again. */
  isBodyLost: boolean
  /** Nothing happens to it before it has one. */
  place: Disposable | undefined
  /** It was here before: see `bring`. */
  readonly isBrought: boolean
  readonly copies: Map<string, Copy>
  /** Somebody waits for its copies. */
  isAsked: boolean
  readonly done: PromiseWithResolvers<void>
}

function isAwaited({ state }: Copy): boolean {
  return state === 'coming' || state === 'syncing'
}

function note(copy: Copy | undefined, now: { state: Copy['state']; nowMs: number; boot?: string }): void {
  if (copy === undefined) return
  copy.state = now.state
  copy.sinceMs = now.nowMs
  copy.isSilent = false
  if (now.boot !== undefined) copy.boot = now.boot
}

function durableCopies({ copies }: Leaving): number {
  let count = 0
  for (const { state } of copies.values()) if (state === 'durable') count++
  return count
}

function letGo(chunk: Leaving): void {
  if (chunk.body === undefined) return
  const isSending = [...chunk.copies.values()].some(copy => copy.state === 'coming')
  if (!isSending && !chunk.isBodyLost) giveBack(chunk.body.bytes)
  chunk.body.room[Symbol.dispose]()
  chunk.body = undefined
}

function copyOf(bytes: Uint8Array): Uint8Array {
  const copy = takeBlock(bytes.byteLength)
  copy.set(bytes)
  return copy
}

async function lateAfter(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  await clock.sleep(ms, signal).catch(() => undefined)
}

function noCopies({ digest, copies }: Leaving, needed: number): Error {
  const states = Array.from(copies, ([name, { state }]) => `${name} ${state}`).join(', ')
  const message = `chunk ${digestHex(digest)} is not on ${needed} machines (${states})`
  return poolFault('NoCopies', message, { hint: 'Start the machines that `cairn node ls` shows as Offline.' })
}
