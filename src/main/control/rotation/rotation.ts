import { TOKEN_SECONDS_MAX } from '#api'
import { type ByteString, type World, whyOf } from '#base'
import { Keyring } from '#identity'
import type { Keyspace } from '#keyspace'
import { mainFault } from '../../faults.ts'
import { ROTATION_RETRY_MS, ROTATION_STEP_MS } from '../../limits.ts'
import { newTokenKey } from '../token-keys.ts'
import type { FollowedKeys } from './followed-keys.ts'
import {
  announceKey,
  changeKeys,
  DATA_KEYS,
  type KeyRow,
  keyRows,
  otherWrap,
  replaceKeys,
  TOKEN_KEYS,
} from './key-rows.ts'
import { forgetFormerMaster, replaceMaster, type ReplacedMaster, takeNextMaster } from './master.ts'
import { sealAgain } from './seal-again.ts'
import type { ServerRow, Servers } from './servers.ts'

/** What keys are changed with. */
export interface RotationParts {
  readonly world: World
  readonly keyspace: Keyspace
  readonly keyring: Keyring
  readonly keys: FollowedKeys
  readonly servers: Servers
  readonly masterKeyFile: string
}

/** How far a change of keys is. */
export interface RotationState {
  readonly step: 'idle' | 'waiting' | 'sealing'
  readonly done: number
  readonly all: number
  /** Whom it waits for, or why it failed and is tried again. */
  readonly why: string | undefined
}

const IDLE: RotationState = { step: 'idle', done: 0, all: 0, why: undefined }

/**
 * Changes the keys of a cloud while it works. Everything it is about to do can be read from the keys themselves: it goes on after
 * a kill wherever it was, and two servers that do it at once do no harm.
 */
export class Rotation implements AsyncDisposable {
  readonly #parts: RotationParts
  readonly #closing = new AbortController()
  #state = IDLE
  #isWanted = false
  #running: Promise<void> | undefined

  /** Goes on with what was begun before. */
  constructor(parts: RotationParts) {
    this.#parts = parts
    this.wake()
  }

  get state(): RotationState {
    return this.#state
  }

  /** Looks whether there is anything to do. */
  wake(): void {
    this.#isWanted = true
    if (!this.#closing.signal.aborted) this.#running ??= this.#run()
  }

  /** Resolves when all is done that can be done now. */
  async settle(): Promise<void> {
    this.wake()
    await this.#running
  }

  /** Begins to change the data key, or the key that signs tokens; what is under way already goes on. Faults: Busy. */
  async begin(what: 'data' | 'tokens', signal: AbortSignal): Promise<void> {
    const { keyspace, keyring, keys, world } = this.#parts
    const prefix = what === 'data' ? DATA_KEYS : TOKEN_KEYS
    await keys.refresh(signal)
    for (;;) {
      const rows = await keyRows(keyspace, prefix, signal)
      if (isUnderWay(rows)) break
      if (what === 'data' && rows.some(isBetweenMasters)) {
        throw mainFault('Busy', 'the master key is being replaced', {
          hint: 'Bring the new one to the other servers first, or run `cairn key rotate --master` again.',
        })
      }
      const row = what === 'data' ? Keyring.newKey(keys.master, world.entropy) : newTokenKey(keyring)
      if (await announceKey(keyspace, { prefix, rows, row }, signal)) break
    }
    this.#state = { ...IDLE, step: 'waiting' }
    this.wake()
  }

  /**
   * Drops every key that signs tokens for a new one, after a theft: what they signed is refused from now on, by each server as soon
   * as it hears of it. Idle again when all that live have. A token signed anew may for that long be refused by another server.
   */
  async dropTokenKeys(signal: AbortSignal): Promise<void> {
    const { keyspace, keyring, keys } = this.#parts
    await keys.refresh(signal)
    for (;;) {
      const rows = await keyRows(keyspace, TOKEN_KEYS, signal)
      if (await replaceKeys(keyspace, { prefix: TOKEN_KEYS, rows, row: newTokenKey(keyring) }, signal)) break
    }
    this.#state = { ...IDLE, step: 'waiting' }
    this.wake()
    await keys.refresh(signal)
  }

  /** Replaces the master key. Faults: MasterKey, Busy. */
  async replaceMaster(signal: AbortSignal): Promise<ReplacedMaster> {
    const replaced = await replaceMaster(this.#parts, signal)
    this.wake()
    return replaced
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing
    const { clock, log } = this.#parts.world
    while (this.#isWanted && !signal.aborted) {
      this.#isWanted = false
      try {
        await this.#advance(signal)
        if (!this.#isWanted) this.#state = IDLE
      } catch (error) {
        if (signal.aborted) break
        const why = whyOf(error)
        log.warn('the change of keys is tried again', { why })
        this.#state = { ...this.#state, step: 'waiting', why }
        this.#isWanted = true
        await clock.sleep(ROTATION_RETRY_MS, signal).catch(() => undefined)
      }
    }
    this.#running = undefined
  }

  async #advance(signal: AbortSignal): Promise<void> {
    await this.#parts.keys.refresh(signal)
    await this.#untilDropped(signal)
    await takeNextMaster(this.#parts, signal)
    for (const prefix of [DATA_KEYS, TOKEN_KEYS]) await this.#useAnnounced(prefix, signal)
    await this.#retireTokenKeys(signal)
    await this.#retireDataKeys(signal)
    await this.#forgetTokenKeys(signal)
    await this.#forgetDataKeys(signal)
    await forgetFormerMaster(this.#parts, signal)
  }

  // A key that signs tokens and is no more has been dropped: until everybody has heard of it, somebody believes what it signed.
  #untilDropped(signal: AbortSignal): Promise<void> {
    return this.#untilNone(async () => {
      const kept = (await keyRows(this.#parts.keyspace, TOKEN_KEYS, signal)).map(({ key }) => key)
      const isDropped = (key: string): boolean => key.startsWith(TOKEN_KEYS) && !kept.includes(key)
      return (await this.#parts.servers.all(signal)).filter(({ knows }) => knows.some(isDropped))
    }, signal)
  }

  // Nobody uses a key before everybody knows it.
  async #useAnnounced(prefix: ByteString, signal: AbortSignal): Promise<void> {
    const { keyspace } = this.#parts
    const announced = (await keyRows(keyspace, prefix, signal)).filter(({ state }) => state === 'announced')
    for (const of of announced) {
      await this.#untilAll(of, ({ knows }) => knows.includes(of.key), signal)
      await changeKeys(keyspace, [{ of, to: { ...of.row, state: 'used' } }], signal)
    }
  }

  // Older tokens hold until they expire: the longest that any could.
  async #retireTokenKeys(signal: AbortSignal): Promise<void> {
    const { keyspace, world } = this.#parts
    const older = await this.#olderThanUsed(TOKEN_KEYS, signal)
    const until = nowMs(world) + TOKEN_SECONDS_MAX * 1000
    await changeKeys(
      keyspace,
      older.map(of => former(of, until)),
      signal,
    )
  }

  // Former when nothing is sealed with it any more. What was before may still be watched, as long as history is kept.
  async #retireDataKeys(signal: AbortSignal): Promise<void> {
    const older = await this.#olderThanUsed(DATA_KEYS, signal)
    if (older.length === 0) return
    while ((await this.#sealAgain(signal)) > 0);
    const { keyspace } = this.#parts
    const { revision } = await keyspace.status(signal)
    await changeKeys(
      keyspace,
      older.map(of => former(of, revision)),
      signal,
    )
  }

  async #forgetTokenKeys(signal: AbortSignal): Promise<void> {
    const { keyspace, world } = this.#parts
    const over = (await formerKeys(keyspace, TOKEN_KEYS, signal)).filter(({ until }) => until < nowMs(world))
    await changeKeys(
      keyspace,
      over.map(of => ({ of, to: 'nothing' })),
      signal,
    )
  }

  async #forgetDataKeys(signal: AbortSignal): Promise<void> {
    const { keyspace } = this.#parts
    const { compactRevision } = await keyspace.status(signal)
    const over = (await formerKeys(keyspace, DATA_KEYS, signal)).filter(({ until }) => until < compactRevision)
    // A write may have begun with the older key and have ended behind the last look.
    if (over.length === 0 || (await this.#sealAgain(signal)) > 0) return
    await changeKeys(
      keyspace,
      over.map(of => ({ of, to: 'nothing' })),
      signal,
    )
  }

  // Those in use before the newest, once every server uses that.
  async #olderThanUsed(prefix: ByteString, signal: AbortSignal): Promise<readonly KeyRow[]> {
    const used = (await keyRows(this.#parts.keyspace, prefix, signal)).filter(({ state }) => state === 'used')
    const newest = used.at(-1)
    if (newest === undefined || used.length === 1) return []
    await this.#untilAll(newest, ({ uses }) => uses.includes(newest.key), signal)
    return used.slice(0, -1)
  }

  async #sealAgain(signal: AbortSignal): Promise<number> {
    const { keyspace, keyring } = this.#parts
    const tell = (far: { readonly done: number; readonly all: number }): void => {
      this.#state = { step: 'sealing', ...far, why: undefined }
    }
    return sealAgain({ keyspace, keyring, tell }, signal)
  }

  // For a key that has been dropped meanwhile nobody waits.
  async #untilAll({ key }: KeyRow, is: (server: ServerRow) => boolean, signal: AbortSignal): Promise<void> {
    const { keys, servers, keyspace } = this.#parts
    await keys.refresh(signal)
    await this.#untilNone(async () => {
      const { entries } = await keyspace.range({ keys: { kind: 'key', key }, want: 'keys' }, signal)
      return entries.length === 0 ? [] : (await servers.all(signal)).filter(server => !is(server))
    }, signal)
  }

  async #untilNone(behindOf: () => Promise<readonly ServerRow[]>, signal: AbortSignal): Promise<void> {
    for (;;) {
      const behind = await behindOf()
      if (behind.length === 0) return
      this.#state = { ...IDLE, step: 'waiting', why: behind.map(({ name }) => name).join(', ') }
      await this.#parts.world.clock.sleep(ROTATION_STEP_MS, signal)
    }
  }
}

function isUnderWay(rows: readonly KeyRow[]): boolean {
  return rows.some(({ state }) => state === 'announced') || rows.filter(({ state }) => state === 'used').length > 1
}

function isBetweenMasters({ row }: KeyRow): boolean {
  return otherWrap(row, 'next') !== undefined || otherWrap(row, 'before') !== undefined
}

function former(of: KeyRow, until: number) {
  return { of, to: { ...of.row, state: 'former', until } } as const
}

async function formerKeys(keyspace: Keyspace, prefix: ByteString, signal: AbortSignal): Promise<readonly KeyRow[]> {
  return (await keyRows(keyspace, prefix, signal)).filter(({ state }) => state === 'former')
}

function nowMs({ clock }: Pick<World, 'clock'>): number {
  return Number(clock.wallNs() / 1_000_000n)
}
