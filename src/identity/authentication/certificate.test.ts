import assert from 'node:assert/strict'
import { test } from 'node:test'
import { machineClock } from '#host'
import { certificateAuthenticator } from './certificate.ts'
import { firstToKnow } from './chain.ts'

const { signal } = new AbortController()
const clock = { ...machineClock, wallNs: () => 1_000n * 1_000_000n }
const jane = { commonName: 'jane', organizations: ['family'], serial: '0a', expiresMs: 2_000 }
const show = (certificate: typeof jane | undefined) => ({ certificate, bearer: undefined })

test('a certificate names its user and groups, until it ends or is revoked', async () => {
  const revoked = new Set<string>()
  const knows = certificateAuthenticator(clock, serial => revoked.has(serial))
  const caller = await knows(show(jane), signal)
  assert.equal(caller?.name, 'jane')
  assert.deepEqual(caller.groups, ['family', 'system:authenticated'])
  assert.equal(await knows(show({ ...jane, expiresMs: 1_000 }), signal), undefined)
  assert.equal(await knows(show({ ...jane, expiresMs: Number.NaN }), signal), undefined)
  assert.equal(await knows(show({ ...jane, commonName: '' }), signal), undefined)
  assert.equal(await knows(show(undefined), signal), undefined)
  revoked.add('0a')
  assert.equal(await knows(show(jane), signal), undefined)
})

test('the first who knows somebody decides', async () => {
  const known = (name: string) => async () => ({ name, uid: undefined, groups: [], extra: {} })
  const nobody = async () => undefined
  assert.equal((await firstToKnow([nobody, known('one'), known('two')])(show(undefined), signal))?.name, 'one')
  assert.equal(await firstToKnow([nobody])(show(undefined), signal), undefined)
})
