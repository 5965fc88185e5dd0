import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { isFault } from '#base'
import { machineWorld } from '#host'
import type { KubeObject } from '#schema'
import { Attempts } from '../tokens/attempts.ts'
import { bootstrapTokenText, newBootstrapToken } from '../tokens/bootstrap.ts'
import { bootstrapSecret } from '../tokens/bootstrap-secret.ts'
import { subjectClaims } from '../tokens/service-account.ts'
import { TokenSigner } from '../tokens/signer.ts'
import { bootstrapTokenAuthenticator } from './bootstrap-token.ts'
import { type FindBound, serviceAccountAuthenticator } from './service-account-token.ts'

const never = new AbortController().signal
const grant = { groups: [], user: undefined, isSingleUse: false, description: '' }

function stored(object: object): KubeObject {
  return object as KubeObject
}

test('a bootstrap token is believed, another secret is not, and who guesses ten times has to wait, nobody else', async () => {
  const token = newBootstrapToken(machineWorld.entropy, 'F'.repeat(43))
  const secret = stored(bootstrapSecret(token, { ...grant, expiresMs: undefined, groups: ['system:bootstrappers:x'] }))
  const knows = bootstrapTokenAuthenticator({
    clock: machineWorld.clock,
    attempts: new Attempts(machineWorld.clock),
    secretOf: async id => (id === token.id ? secret : undefined),
  })
  const ask = (bearer: string, network = 'here') => knows({ certificate: undefined, bearer, network }, never)
  const text = bootstrapTokenText(token)
  assert.deepEqual((await ask(text))?.groups, [
    'system:bootstrappers',
    'system:bootstrappers:x',
    'system:authenticated',
  ])
  assert.equal((await ask(text))?.name, `system:bootstrap:${token.id}`)
  for (let i = 0; i < 10; i++) assert.equal(await ask(`${token.id}.aaaaaaaaaaaaaaaa`), undefined)
  await assert.rejects(ask(text), error => isFault(error, 'TooManyRequests'))
  assert.equal((await ask(text, 'elsewhere'))?.name, `system:bootstrap:${token.id}`)
  assert.equal(await ask('zzzzzz.aaaaaaaaaaaaaaaa'), undefined)
  assert.equal(await ask('nothing'), undefined)
})

test('a service account token holds as long as its account and what it is bound to', async () => {
  const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' })
  const signer = await TokenSigner.open(machineWorld, [pem.toString()])
  const there = new Map([
    ['ServiceAccount/a/builder', 'uid-1'],
    ['Pod/a/web', 'uid-2'],
  ])
  const going = new Map<string, string>()
  let laterMs = 0
  const wallNs = () => machineWorld.clock.wallNs() + BigInt(laterMs) * 1_000_000n
  const clock = { ...machineWorld.clock, wallNs }
  const find: FindBound = async (kind, { namespace, name }) => {
    const uid = there.get(`${kind}/${namespace ?? ''}/${name}`)
    const metadata = { name, namespace, uid, deletionTimestamp: going.get(name) }
    return uid === undefined ? undefined : stored({ metadata })
  }
  const knows = serviceAccountAuthenticator({ clock, signer, issuer: 'us', audiences: ['api'], find })
  const tokenFor = async (claims: ReturnType<typeof subjectClaims>, audience = 'api') => {
    const order = { issuer: 'us', subject: claims.sub, audiences: [audience], seconds: 600, extra: claims.extra }
    return (await signer.sign(order)).token
  }
  const ask = (bearer: string) => knows({ certificate: undefined, bearer }, never)
  const account = { namespace: 'a', name: 'builder', uid: 'uid-1', bound: undefined }
  const plain = await tokenFor(subjectClaims(account))
  const bound = await tokenFor(subjectClaims({ ...account, bound: { kind: 'Pod', name: 'web', uid: 'uid-2' } }))
  const groups = ['system:serviceaccounts', 'system:serviceaccounts:a', 'system:authenticated']
  assert.deepEqual((await ask(plain))?.groups, groups)
  assert.equal((await ask(bound))?.name, 'system:serviceaccount:a:builder')
  assert.equal(await ask(await tokenFor(subjectClaims(account), 'other')), undefined)
  assert.equal(await ask(await tokenFor(subjectClaims({ ...account, uid: 'uid-9' }))), undefined)
  assert.equal(
    await ask(await tokenFor({ ...subjectClaims(account), sub: 'system:serviceaccount:a:other' })),
    undefined,
  )
  going.set('web', new Date(Date.now() + 5_000).toISOString())
  laterMs = 60_000
  assert.ok(await ask(bound), 'it may say good-bye')
  laterMs = 66_000
  assert.equal(await ask(bound), undefined)
  assert.ok(await ask(plain))
  laterMs = 0
  there.delete('Pod/a/web')
  assert.equal(await ask(bound), undefined)
  there.set('ServiceAccount/a/builder', 'uid-made-anew')
  assert.equal(await ask(plain), undefined)
})
