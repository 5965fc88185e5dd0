import { createHash, timingSafeEqual } from 'node:crypto'
import type { Entropy } from '#base'
import { identityFault } from '../faults.ts'
import { KEY_BYTES, openBytes, sealBytes } from './envelope.ts'

/**
 * The key under all others. It lies outside the data folder, as a file or as the 24 words of BIP 39 that people write down:
 * both are the same 256 bits.
 */
export class MasterKey {
  /** Which master key it is, for messages and for what is sealed by it; tells nothing about the key. */
  readonly id: string
  readonly #bytes: Uint8Array

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.id = createHash('sha256').update('cairn master key id').update(bytes).digest('hex').slice(0, 16)
  }

  /** A key nobody had before. */
  static make(entropy: Entropy): MasterKey {
    return new MasterKey(entropy.bytes(KEY_BYTES))
  }

  /** Reads the text of a key file. Faults: MasterKey. */
  static ofText(text: string): MasterKey {
    const [, id = '', hex = ''] = /^cairn-master-key 1 ([0-9a-f]{16}) ([0-9a-f]{64})\n$/.exec(text) ?? []
    if (hex === '') throw identityFault('MasterKey', 'the file holds no master key of Cairn')
    const key = new MasterKey(Buffer.from(hex, 'hex'))
    if (key.id !== id) throw identityFault('MasterKey', 'the file of the master key is damaged')
    return key
  }

  /** Reads a recovery phrase. Faults: MasterKey when words are misspelt, missing or in another order. */
  static async ofPhrase(phrase: string): Promise<MasterKey> {
    const { mnemonicToEntropy, wordlist } = await bip39()
    const words = phrase
      .normalize('NFKD')
      .toLowerCase()
      .split(/\s+/)
      .filter(word => word !== '')
    if (words.length !== 24) {
      throw identityFault('MasterKey', `a recovery phrase has 24 words, these are ${words.length}`)
    }
    const unknown = words.find(word => !wordlist.includes(word))
    if (unknown !== undefined) throw identityFault('MasterKey', `"${unknown}" is no word of a recovery phrase`)
    try {
      return new MasterKey(mnemonicToEntropy(words.join(' '), wordlist))
    } catch (cause) {
      throw identityFault('MasterKey', 'the words do not belong together: one is wrong, or their order is', { cause })
    }
  }

  /** What a key file holds: one line, `cairn-master-key 1 ID KEY`. */
  text(): string {
    return `cairn-master-key 1 ${this.id} ${Buffer.from(this.#bytes).toString('hex')}\n`
  }

  /** The 24 words that bring this key back. */
  async phrase(): Promise<string> {
    const { entropyToMnemonic, wordlist } = await bip39()
    return entropyToMnemonic(this.#bytes, wordlist)
  }

  wrap(key: Uint8Array, context: string, entropy: Entropy): Uint8Array {
    return sealBytes(this.#bytes, key, context, entropy)
  }

  /** Faults: SealBroken. */
  unwrap(wrapped: Uint8Array, context: string): Uint8Array {
    return openBytes(this.#bytes, wrapped, context)
  }

  is(other: MasterKey): boolean {
    return timingSafeEqual(this.#bytes, other.#bytes)
  }
}

// Two thousand words that are needed once.
async function bip39() {
  const { entropyToMnemonic, mnemonicToEntropy } = await import('@scure/bip39')
  const { wordlist } = await import('@scure/bip39/wordlists/english.js')
  return { entropyToMnemonic, mnemonicToEntropy, wordlist }
}
