import { createHash } from 'node:crypto'

/** What a machine says that wants to be let in without a token, before it shows its key. */
export interface KnockSecret {
  readonly name: string
  /** Of its key: SHA-256 of the public key (SubjectPublicKeyInfo), base64url. */
  readonly key: string
  /** 16 bytes, base64url: told only when the other side has told its own. */
  readonly nonce: string
}

/** What both sides have said, by which people see that nobody is between them. */
export interface Met extends KnockSecret {
  /** Of the authority's key that the machine was shown. */
  readonly fingerprint: string
  /** The nonce of the controller. */
  readonly answer: string
}

/** What binds a machine to its nonce and key before it hears that of the controller: so neither can choose the code. */
export function knockCommitment({ name, key, nonce }: KnockSecret): string {
  return hash(['cairn knock 1', name, key, nonce]).toString('base64url')
}

/** Six digits that are the same at both sides, unless somebody is between them: then they are once in a million. */
export function joinCode({ name, key, nonce, fingerprint, answer }: Met): string {
  const number = hash(['cairn join code 1', fingerprint, name, key, nonce, answer]).readBigUInt64BE(0)
  return (number % 1_000_000n).toString().padStart(6, '0')
}

// With lengths: no two lists of words hash the same bytes.
function hash(words: readonly string[]): Buffer {
  const all = createHash('sha256')
  for (const word of words) all.update(`${Buffer.byteLength(word)}:${word}`)
  return all.digest()
}
