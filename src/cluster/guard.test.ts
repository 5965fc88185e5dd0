import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#base'
import { answerUnary, message, nothing, type PeerName, text, unary } from '#rpc'
import { forMachines } from './guard.ts'
import { certificateOf } from './testing.ts'

const method = unary({ name: 'test.who', version: 1, params: nothing, result: text(80) })
let runs = 0
const handler = answerUnary(method, async () => {
  runs += 1
  return message('here')
})

async function call(peer: PeerName | undefined, may?: Parameters<typeof forMachines>[1]): Promise<unknown> {
  const [guarded] = forMachines([handler], may)
  const items = (async function* () {})()
  const context = { peer, body: new Uint8Array(), signal: new AbortController().signal }
  return (await guarded?.run(undefined, context, { items, send: async () => undefined }))?.head
}

test('a handler for machines runs for machines only, and for those that may', async () => {
  const forbidden = (error: unknown) => isFault(error, 'Forbidden')
  assert.equal(await call(certificateOf({ name: 'a', role: 'node' })), 'here')
  await assert.rejects(call(undefined), forbidden)
  await assert.rejects(call({ name: 'jane', groups: ['system:masters'], serial: '01' }), forbidden)
  await assert.rejects(call({ name: 'system:node:a', groups: ['people'], serial: '01' }), forbidden)
  await assert.rejects(
    call(certificateOf({ name: 'a', role: 'node' }), caller => caller.isController),
    forbidden,
  )
  assert.equal(await call(certificateOf({ name: 'a', role: 'controller' }), caller => caller.isController), 'here')
  assert.equal(runs, 2)
})
