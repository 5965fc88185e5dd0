import type { Entropy } from '#base'

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789'
// Bytes from here on would make the first letters likelier than the others.
const FAIR_MAX = 256 - (256 % ALPHABET.length)

/** Letters and digits nobody can guess, each as likely as the others: 5.17 bits for one. */
export function randomWord(entropy: Entropy, length: number): string {
  let word = ''
  while (word.length < length) {
    for (const byte of entropy.bytes(length - word.length))
      if (byte < FAIR_MAX) word += ALPHABET[byte % ALPHABET.length]
  }
  return word
}
