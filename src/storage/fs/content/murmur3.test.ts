import assert from 'node:assert/strict'
import { test } from 'node:test'
import { murmur3First64 } from './murmur3.ts'

test('known texts have their known hashes', () => {
  const known: [string, string][] = [
    ['', '0000000000000000'],
    ['hello', 'cbd8a7b341bd9b02'],
    ['hello, world', '342fac623a5ebc8e'],
    ['19 Jan 2038 at 3:14:07 AM', 'b89e5988b737affc'],
    ['The quick brown fox jumps over the lazy dog.', 'cd99481f9ee902c9'],
  ]
  for (const [text, hash] of known) assert.equal(murmur3First64(Buffer.from(text)).toString('hex'), hash)
})
