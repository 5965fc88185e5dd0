import type { Entropy } from '#base'
import { identityFault } from '../faults.ts'
import { KEY_BYTES, openBytes, sealBytes } from './envelope.ts'
import type { MasterKey } from './master-key.ts'

/** A data key as it is kept: wrapped by a master key. */
export interface WrappedKey {
  /** 8 hexadecimal digits. */
  readonly id: string
  /** The id of the master key. */
  readonly master: string
  /** Base64. */
  readonly wrapped: string
}

/**
 * The data keys of a cloud. What they seal is text, `sealed:v1:KEY:DATA`: KEY is the id of the data key, DATA nonce,
 * ciphertext and tag in base64.
 */
export class Keyring {
  #keys: ReadonlyMap<string, Uint8Array>
  #newest: string
  readonly #entropy: Entropy

  private constructor(keys: ReadonlyMap<string, Uint8Array>, newest: string, entropy: Entropy) {
    this.#keys = keys
    this.#newest = newest
    this.#entropy = entropy
  }

  /** A new data key, wrapped. */
  static newKey(master: MasterKey, entropy: Entropy): WrappedKey {
    const id = Buffer.from(entropy.bytes(4)).toString('hex')
    return wrapped(id, entropy.bytes(KEY_BYTES), master, entropy)
  }

  /**
   * Opens data keys, the newest last: it seals, all of them open. Faults: MasterKey when they are of another master key,
   * SealBroken.
   */
  static open(keys: readonly WrappedKey[], master: MasterKey, entropy: Entropy): Keyring {
    const opened = new Map(keys.map(key => [key.id, unwrapped(key, master)]))
    return new Keyring(opened, newestOf(keys), entropy)
  }

  /**
   * Takes the data keys as they are now, in the order of {@link open}; those that are open already need no master key.
   * Faults: MasterKey, SealBroken; then nothing has changed.
   */
  renew(keys: readonly WrappedKey[], master: MasterKey): void {
    const opened = new Map(keys.map(key => [key.id, this.#keys.get(key.id) ?? unwrapped(key, master)]))
    this.#newest = newestOf(keys)
    this.#keys = opened
  }

  /** The same data keys, wrapped by another master key. */
  rewrapped(master: MasterKey): readonly WrappedKey[] {
    return Array.from(this.#keys, ([id, key]) => wrapped(id, key, master, this.#entropy))
  }

  /** Seals for one place only, such as the key it is kept under. */
  seal(plain: Uint8Array, place: string): string {
    const key = this.#keyOf(this.#newest)
    const sealed = sealBytes(key, plain, place, this.#entropy)
    return `${PREFIX}${this.#newest}:${Buffer.from(sealed).toString('base64')}`
  }

  /** Faults: SealBroken. */
  open(sealed: string, place: string): Uint8Array {
    const [, id = '', data = ''] = FORM.exec(sealed) ?? []
    if (id === '') throw identityFault('SealBroken', `what is kept for ${place} is not sealed as it should be`)
    return openBytes(this.#keyOf(id), Buffer.from(data, 'base64'), place)
  }

  /** True for what an older data key has sealed: sealing it again makes that key needless. */
  isOld(sealed: string): boolean {
    return !sealed.startsWith(`${PREFIX}${this.#newest}:`)
  }

  #keyOf(id: string): Uint8Array {
    const key = this.#keys.get(id)
    if (key !== undefined) return key
    throw identityFault('SealBroken', `the data key ${id} is missing`, { hint: 'Restore it from a backup.' })
  }
}

const PREFIX = 'sealed:v1:'
const FORM = /^sealed:v1:([0-9a-f]{8}):([A-Za-z0-9+/]+={0,2})$/

function newestOf(keys: readonly WrappedKey[]): string {
  const newest = keys.at(-1)?.id
  if (newest === undefined) throw identityFault('MasterKey', 'there is no data key')
  return newest
}

function wrapped(id: string, key: Uint8Array, master: MasterKey, entropy: Entropy): WrappedKey {
  const bytes = master.wrap(key, contextOf(id), entropy)
  return { id, master: master.id, wrapped: Buffer.from(bytes).toString('base64') }
}

function unwrapped({ id, master: masterId, wrapped }: WrappedKey, master: MasterKey): Uint8Array {
  if (masterId !== master.id) {
    throw identityFault('MasterKey', `this is master key ${master.id}; the data needs master key ${masterId}`)
  }
  return master.unwrap(Buffer.from(wrapped, 'base64'), contextOf(id))
}

function contextOf(id: string): string {
  return `data key ${id}`
}
