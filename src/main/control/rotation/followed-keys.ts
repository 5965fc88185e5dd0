import { isFault, type World, whyOf } from '#base'
import type { Keyring, MasterKey, TokenSigner } from '#identity'
import type { Keyspace, Revision } from '#keyspace'
import { readMasterKey } from '../../keys/master-key-file.ts'
import { POLICY_RETRY_MS } from '../../limits.ts'
import { tokenPems } from '../token-keys.ts'
import { DATA_KEYS, type KeyRow, keyRows, TOKEN_KEYS, wrappedFor } from './key-rows.ts'
import type { Servers } from './servers.ts'

/** What keys are followed with. */
export interface FollowedKeysParts {
  readonly world: World
  readonly keyspace: Keyspace
  readonly keyring: Keyring
  readonly signer: TokenSigner
  readonly servers: Servers
  readonly masterKeyFile: string
  /** The one that opened the keyring. */
  readonly master: MasterKey
}

/** Gives keyring and signer the keys of the cloud as they are, and tells the other servers which it knows. */
export class FollowedKeys implements AsyncDisposable {
  readonly #parts: FollowedKeysParts
  readonly #closing = new AbortController()
  #master: MasterKey
  #refreshing: Promise<void> = Promise.resolve()
  #following: Promise<void> = Promise.resolve()
  #changed: () => void = () => undefined

  /** Resolves when keyring and signer are right, and the others know it. */
  static async open(parts: FollowedKeysParts, signal: AbortSignal): Promise<FollowedKeys> {
    const keys = new FollowedKeys(parts)
    await keys.refresh(signal)
    keys.#following = keys.#follow()
    return keys
  }

  private constructor(parts: FollowedKeysParts) {
    this.#parts = parts
    this.#master = parts.master
  }

  /** The master key of this server. */
  get master(): MasterKey {
    return this.#master
  }

  /** The id of the master key that the cloud has now. */
  async usualMaster(signal: AbortSignal): Promise<string> {
    const rows = await keyRows(this.#parts.keyspace, DATA_KEYS, signal)
    return String(rows.at(-1)?.row['master'])
  }

  /** `run` is called behind every change. */
  onChange(run: () => void): void {
    this.#changed = run
  }

  /** Looks at all keys now, also whether the file of the master key is another. Faults: MasterKey, SealBroken. */
  refresh(signal: AbortSignal): Promise<void> {
    const next = this.#refreshing.catch(() => undefined).then(() => this.#refresh(signal))
    this.#refreshing = next
    return next
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#following
  }

  async #refresh(signal: AbortSignal): Promise<void> {
    const { keyspace, keyring, signer, servers, masterKeyFile } = this.#parts
    this.#master = masterIn(masterKeyFile) ?? this.#master
    const { id: master } = this.#master
    const dataKeys = await keyRows(keyspace, DATA_KEYS, signal)
    // Token keys are read behind the data keys that sealed them.
    const tokenKeys = await keyRows(keyspace, TOKEN_KEYS, signal)
    const wrapped = dataKeys.map(({ row }) => wrappedFor(row, master))
    keyring.renew(wrapped, this.#master)
    await signer.renew(tokenPems(tokenKeys, keyring))
    const knows = [...dataKeys, ...tokenKeys].map(({ key }) => key)
    await servers.tell({ master, knows, uses: [...inUse(dataKeys), ...inUse(tokenKeys)] }, signal)
  }

  async #follow(): Promise<void> {
    const { signal } = this.#closing
    const { log, clock } = this.#parts.world
    while (!signal.aborted) {
      try {
        await this.#followOnce(signal)
      } catch (error) {
        if (signal.aborted) return
        log.warn('the keys of the cloud are read again', { why: whyOf(error) })
        await clock.sleep(POLICY_RETRY_MS, signal).catch(() => undefined)
      }
    }
  }

  async #followOnce(signal: AbortSignal): Promise<void> {
    const { keyspace } = this.#parts
    const keys = { kind: 'prefix', prefix: '/identity/' } as const
    const { revision } = await keyspace.range({ keys, want: 'count' }, signal)
    await this.refresh(signal)
    for await (const { events } of keyspace.watch({ keys, from: (revision + 1) as Revision }, signal)) {
      const changed = events.map(event => (event.kind === 'put' ? event.entry.key : event.key))
      if (!changed.some(key => key.startsWith(DATA_KEYS) || key.startsWith(TOKEN_KEYS))) continue
      await this.refresh(signal)
      this.#changed()
    }
  }
}

function inUse(rows: readonly KeyRow[]): readonly string[] {
  return rows.slice(-1).map(({ key }) => key)
}

// A file that is damaged or gone is told by `cairn doctor`: what is open stays open.
function masterIn(file: string): MasterKey | undefined {
  try {
    return readMasterKey(file)
  } catch (error) {
    if (isFault(error, 'MasterKey')) return undefined
    throw error
  }
}
