import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, before, test } from 'node:test'
import { isFault } from '#base'
import { type JoinToken, newKey, newRequest } from '#identity'
import { MACHINE_CERTIFICATES_MAX } from '../../limits.ts'
import { openTestController, quietWorld, type TestController } from '../../testing/controller.ts'

const NODES = { group: '', version: 'v1', plural: 'nodes', kind: 'Node', isNamespaced: false } as const
const never = new AbortController().signal
let controller: TestController

before(async () => {
  controller = await openTestController()
})
after(() => controller[Symbol.asyncDispose]())

async function requestOf(name: string): Promise<string> {
  return newRequest(`system:node:${name}`, await newKey())
}

function join({ id, secret }: JoinToken, name: string, csrPem: string) {
  const shown = { token: `${id}.${secret}`, name, csrPem, wallMs: Date.now(), level: 1, oldestLevel: 1 }
  return controller.admit({ join: shown, seenFrom: '192.0.2.1' })
}

test('of many that come with one token, one is let in, and the others leave nothing', async () => {
  const token = await controller.token()
  const names = ['a', 'b', 'c', 'd']
  const requests = await Promise.all(names.map(requestOf))
  const outcomes = await Promise.allSettled(names.map((name, index) => join(token, name, requests[index] ?? '')))
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
  const { objects } = await controller.api.client.list(NODES, {}, never)
  const there = objects.filter(
    ({ metadata }) => names.includes(metadata.name) && metadata.deletionTimestamp === undefined,
  )
  assert.equal(there.length, 1)
  const issued = await controller.api.issuing.list(never)
  assert.equal(issued.filter(({ user }) => names.some(name => user === `system:node:${name}`)).length, 1)
})

test('a certificate is for the name and the key that were shown, for calling and being called, for 30 days', async () => {
  const token = await controller.token()
  await assert.rejects(join(token, 'm', await requestOf('other')), /is for system:node:other, not for the machine m/)
  await assert.rejects(join(token, 'm', 'none'), error => isFault(error, 'SigningRequestInvalid'))
  const csrPem = await requestOf('m')
  const { head } = await join(token, 'm', csrPem)
  const { subject, keyUsage, validTo } = new X509Certificate(head.certificatePem)
  assert.equal(subject, 'O=system:nodes\nCN=system:node:m')
  assert.deepEqual(keyUsage, ['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.1'])
  assert.ok(Math.abs(Date.parse(validTo) - Date.now() - 30 * 86_400_000) < 60_000)
})

test('a machine that did not hear the answer asks again with the same key and token, and no other key may', async () => {
  const token = await controller.token()
  const csrPem = await requestOf('unheard')
  const first = await join(token, 'unheard', csrPem)
  const again = await join(token, 'unheard', csrPem)
  const keyOf = ({ certificatePem }: { readonly certificatePem: string }) =>
    new X509Certificate(certificatePem).publicKey.export({ type: 'spki', format: 'pem' })
  assert.equal(keyOf(again.head), keyOf(first.head))
  assert.deepEqual([again.head.role, again.body], [first.head.role, first.body])
  const refused = (error: unknown) => isFault(error, 'TokenRefused')
  await assert.rejects(join(token, 'unheard', await requestOf('unheard')), refused)
  await assert.rejects(join(token, 'other', csrPem), refused)
  await assert.rejects(join(await controller.token({ lastsMs: -1 }), 'unheard', csrPem), refused)
  await controller.revocations.revoke(serialOf(first.head), 'lost', never)
  await untilRevoked(serialOf(first.head))
  await assert.rejects(join(token, 'unheard', csrPem), refused)
})

test('a machine whose name is taken back loses the certificates it had', async () => {
  const first = await join(await controller.token(), 'lost', await requestOf('lost'))
  await assert.rejects(join(await controller.token(), 'lost', await requestOf('lost')), error =>
    isFault(error, 'Occupied'),
  )
  const again = await join(await controller.token({ node: 'lost' }), 'lost', await requestOf('lost'))
  await untilRevoked(serialOf(first.head))
  assert.ok(!controller.revocations.has(serialOf(again.head)))
})

test('nobody takes the name of the controller itself', async () => {
  const token = await controller.token({ node: 'first' })
  await assert.rejects(join(token, 'first', await requestOf('first')), error => isFault(error, 'Occupied'))
})

test('who guesses secrets is not even heard any more', async () => {
  const token = await controller.token()
  const csrPem = await requestOf('guess')
  for (let tries = 0; tries < 10; tries++) {
    const wrong = { ...token, secret: String(tries).padStart(16, '0') }
    await assert.rejects(join(wrong, 'guess', csrPem), error => isFault(error, 'TokenRefused'))
  }
  await assert.rejects(join(token, 'guess', csrPem), error => isFault(error, 'TooManyRequests'))
})

test('a machine gets its next certificate for itself, until that is revoked or the machine removed', async () => {
  const csrPem = await requestOf('member')
  const { head } = await join(await controller.token(), 'member', csrPem)
  const renew = (request: string, serial: string) =>
    controller.admit({ renew: { csrPem: request }, caller: { name: 'system:node:member', serial }, seenFrom: '' })
  const { head: next } = await renew(csrPem, serialOf(head))
  assert.deepEqual(
    [next.role, new X509Certificate(next.certificatePem).subject],
    ['node', 'O=system:nodes\nCN=system:node:member'],
  )
  await assert.rejects(renew(await requestOf('first'), serialOf(next)), /not for the machine member/)
  await controller.revocations.revoke(serialOf(head), 'lost', never)
  await untilRevoked(serialOf(head))
  await assert.rejects(renew(csrPem, serialOf(head)), error => isFault(error, 'Removed'))
  await controller.api.client.delete(NODES, { name: 'member' }, {}, never)
  const node = await controller.api.client.find(NODES, { name: 'member' }, never)
  assert.ok(node === undefined || node.metadata.deletionTimestamp !== undefined)
  await assert.rejects(renew(csrPem, serialOf(next)), error => isFault(error, 'Removed'))
})

test('of two that come with one token for a name, the one let in stays a machine of the cloud', async () => {
  const token = await controller.token({ node: 'twice' })
  const [one, other] = [await requestOf('twice'), await requestOf('twice')]
  const useUp = controller.tokens.useUp.bind(controller.tokens)
  const meanwhile = async (...asked: Parameters<typeof useUp>): Promise<void> => {
    Object.assign(controller.tokens, { useUp })
    await join(token, 'twice', other)
    return useUp(...asked)
  }
  Object.assign(controller.tokens, { useUp: meanwhile })
  await assert.rejects(join(token, 'twice', one), error => isFault(error, 'TokenRefused'))
  const node = await controller.api.client.find(NODES, { name: 'twice' }, never)
  assert.ok(node !== undefined && node.metadata.deletionTimestamp === undefined)
})

test('a machine that asks for ever more certificates is refused', async () => {
  const csrPem = await requestOf('greedy')
  const { head } = await join(await controller.token(), 'greedy', csrPem)
  const caller = { name: 'system:node:greedy', serial: serialOf(head) }
  const renew = () => controller.admit({ renew: { csrPem }, caller, seenFrom: '' })
  for (let count = 1; count < MACHINE_CERTIFICATES_MAX; count++) await renew()
  await assert.rejects(renew(), error => isFault(error, 'TooManyRequests'))
})

test('a certificate that was asked for while the machine was removed is revoked', async () => {
  const csrPem = await requestOf('leaving')
  const { head } = await join(await controller.token(), 'leaving', csrPem)
  const caller = { name: 'system:node:leaving', serial: serialOf(head) }
  const { client, issuing } = controller.api
  const issue = issuing.issue.bind(issuing)
  let serial = ''
  issuing.issue = async (...asked) => {
    await client.delete(NODES, { name: 'leaving' }, {}, never)
    const issued = await issue(...asked)
    serial = issued.serial
    return issued
  }
  const renewed = controller.admit({ renew: { csrPem }, caller, seenFrom: '' })
  await assert.rejects(renewed, error => isFault(error, 'Removed'))
  issuing.issue = issue
  await untilRevoked(serial)
})

function serialOf({ certificatePem }: { readonly certificatePem: string }): string {
  return new X509Certificate(certificatePem).serialNumber.toLowerCase()
}

async function untilRevoked(serial: string): Promise<void> {
  for (let tries = 0; tries < 1000 && !controller.revocations.has(serial); tries++) {
    await quietWorld.clock.sleep(1, never)
  }
  assert.ok(controller.revocations.has(serial))
}
