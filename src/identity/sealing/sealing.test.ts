import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isFault } from '#base'
import { machineEntropy as entropy } from '#host'
import { KEY_BYTES, openBytes, sealBytes } from './envelope.ts'
import { Keyring } from './keyring.ts'
import { MasterKey } from './master-key.ts'

const isBroken = (error: unknown) => isFault(error, 'SealBroken')
const isWrongKey = (error: unknown) => isFault(error, 'MasterKey')
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()

suite('an envelope', () => {
  const key = entropy.bytes(KEY_BYTES)
  const sealed = sealBytes(key, Buffer.from('secret'), 'here', entropy)

  test('opens with its key in its place', () => {
    assert.equal(text(openBytes(key, sealed, 'here')), 'secret')
    assert.equal(text(openBytes(key, sealBytes(key, new Uint8Array(), 'x', entropy), 'x')), '')
  })

  test('opens nowhere else, with no other key, and not when any bit was changed or cut off', () => {
    assert.throws(() => openBytes(key, sealed, 'there'), isBroken)
    assert.throws(() => openBytes(entropy.bytes(KEY_BYTES), sealed, 'here'), isBroken)
    for (let at = 0; at < sealed.byteLength; at += 1) {
      const changed = Uint8Array.from(sealed, (byte, index) => (index === at ? byte ^ 1 : byte))
      assert.throws(() => openBytes(key, changed, 'here'), isBroken, `byte ${at}`)
      assert.throws(() => openBytes(key, sealed.subarray(0, at), 'here'), isBroken, `${at} bytes`)
    }
  })

  test('never looks the same twice, nor like what is in it', () => {
    assert.notDeepEqual(sealBytes(key, Buffer.from('secret'), 'here', entropy), sealed)
    assert.equal(Buffer.from(sealed).includes('secret'), false)
  })
})

suite('a master key', () => {
  test('is the same from its file and from its words, however they are written', async () => {
    const key = MasterKey.make(entropy)
    assert.ok(MasterKey.ofText(key.text()).is(key))
    const phrase = await key.phrase()
    assert.equal(phrase.split(' ').length, 24)
    assert.ok((await MasterKey.ofPhrase(phrase)).is(key))
    assert.ok((await MasterKey.ofPhrase(`\n ${phrase.toUpperCase().replaceAll(' ', '\n  ')}\n`)).is(key))
  })

  test('keeps its file and its words: those of before are read for ever', async () => {
    const zeros = await MasterKey.ofPhrase(`${'abandon '.repeat(23)}art`) // of BIP 39's test vectors
    assert.equal(zeros.text(), `cairn-master-key 1 ${zeros.id} ${'0'.repeat(64)}\n`)
    assert.equal(zeros.id, 'ca15efc36aedc9b7')
  })

  test('says which of its words is wrong', async () => {
    const words = (await MasterKey.make(entropy).phrase()).split(' ')
    const refused = (phrase: readonly string[], message: RegExp) =>
      assert.rejects(MasterKey.ofPhrase(phrase.join(' ')), error => isWrongKey(error) && message.test(String(error)))
    await refused(words.slice(1), /has 24 words, these are 23/)
    await refused([...words.slice(1), 'kubernetes'], /"kubernetes" is no word/)
    await refused(`${'abandon '.repeat(23)}abandon`.split(' '), /one is wrong, or their order is/)
  })

  test('refuses a file that is damaged or none', () => {
    const whole = MasterKey.make(entropy).text()
    const other = MasterKey.make(entropy).text()
    for (const bad of ['', 'cairn-master-key 2 x\n', whole.trim(), whole.slice(0, 40) + other.slice(40)]) {
      assert.throws(() => MasterKey.ofText(bad), isWrongKey, bad)
    }
  })
})

suite('a keyring', () => {
  const master = MasterKey.make(entropy)
  const [first, second] = [Keyring.newKey(master, entropy), Keyring.newKey(master, entropy)]

  test('opens what any of its keys has sealed, and seals with the newest', () => {
    const old = Keyring.open([first], master, entropy)
    const both = Keyring.open([first, second], master, entropy)
    const sealed = old.seal(Buffer.from('secret'), '/objects/x')
    assert.match(sealed, /^sealed:v1:[0-9a-f]{8}:[A-Za-z0-9+/=]+$/)
    assert.equal(text(both.open(sealed, '/objects/x')), 'secret')
    assert.deepEqual([old.isOld(sealed), both.isOld(sealed)], [false, true])
    assert.throws(() => old.open(both.seal(Buffer.from('x'), 'p'), 'p'), isBroken)
  })

  test('opens with its master key only, whichever it is wrapped with', () => {
    const next = MasterKey.make(entropy)
    const ring = Keyring.open([first], master, entropy)
    const sealed = ring.seal(Buffer.from('secret'), 'p')
    assert.throws(() => Keyring.open([first], next, entropy), isWrongKey)
    assert.equal(text(Keyring.open(ring.rewrapped(next), next, entropy).open(sealed, 'p')), 'secret')
    assert.throws(() => Keyring.open([{ ...first, master: next.id }], next, entropy), isBroken)
    assert.throws(() => Keyring.open([{ ...first, id: second.id }], master, entropy), isBroken)
  })

  test('refuses text that is not sealed', () => {
    const ring = Keyring.open([first], master, entropy)
    for (const bad of ['', 'secret', 'sealed:v2:00000000:AA==', 'sealed:v1:00000000:AA==']) {
      assert.throws(() => ring.open(bad, 'p'), isBroken, bad)
    }
  })
})
