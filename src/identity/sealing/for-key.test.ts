import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { suite, test } from 'node:test'
import { isFault } from '#base'
import { machineEntropy as entropy } from '#host'
import { newKey } from '../x509/new-request.ts'
import { openWithKey, sealForKey } from './for-key.ts'

suite('what is sealed for a key', async () => {
  const [keyPem, otherPem] = [await newKey(), await newKey()]
  const publicKeyPem = createPublicKey(keyPem).export({ type: 'spki', format: 'pem' }).toString()
  const context = 'the key of m2'
  const seal = () => sealForKey({ publicKeyPem, context }, Buffer.from('secret'), entropy)
  const isBroken = (error: unknown) => isFault(error, 'SealBroken')

  test('opens with that key, as what it is, and is never the same twice', () => {
    const sealed = seal()
    assert.equal(Buffer.from(openWithKey({ keyPem, context }, sealed)).toString(), 'secret')
    assert.notEqual(sealed, seal())
    assert.ok(!sealed.includes(Buffer.from('secret').toString('base64')))
  })

  test('opens with no other key, not as something else, and not when a character of it is another', () => {
    const sealed = seal()
    assert.throws(() => openWithKey({ keyPem: otherPem, context }, sealed), isBroken)
    assert.throws(() => openWithKey({ keyPem, context: 'another' }, sealed), isBroken)
    for (let at = 0; at < sealed.length - 3; at += 7) {
      const changed = `${sealed.slice(0, at)}${sealed[at] === 'A' ? 'B' : 'A'}${sealed.slice(at + 1)}`
      assert.throws(() => openWithKey({ keyPem, context }, changed), isBroken, `character ${at}`)
    }
    assert.throws(() => openWithKey({ keyPem, context }, ''), isBroken)
  })
})
