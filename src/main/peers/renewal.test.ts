import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import type { World } from '#base'
import { clusterRenew, type NodeFiles, type NodeMap, readNodeFiles, writeNodeFiles } from '#cluster'
import { newKey, newRequest } from '#identity'
import { answerUnary, duplexPair, message, openClient, serveConnection } from '#rpc'
import { openTestController, quietWorld, type TestController } from '../testing/controller.ts'
import { certificateCheck, renewWhenDue } from './renewal.ts'

const never = new AbortController().signal
const dataFolder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-renewal-'))
let controller: TestController

before(async () => {
  controller = await openTestController()
})
after(async () => {
  await controller[Symbol.asyncDispose]()
  fs.rmSync(dataFolder, { recursive: true })
})

function filesNow(): NodeFiles {
  const files = readNodeFiles(quietWorld.disk, dataFolder)
  assert(files !== undefined)
  return files
}

function laterBy(days: number): World {
  const wallNs = () => quietWorld.clock.wallNs() + BigInt(days) * 86_400_000_000_000n
  return { ...quietWorld, clock: { ...quietWorld.clock, wallNs } }
}

// A connection to a controller, which asks control as its storage process does.
async function connectAs(serial: string) {
  const handlers = [
    answerUnary(clusterRenew, async renew => {
      const caller = { name: 'system:node:m', serial }
      const { head, body } = await controller.admit({ renew, caller, seenFrom: '' })
      return message(head, body)
    }),
  ]
  const [here, there] = duplexPair()
  const common = { clock: quietWorld.clock, software: 'test' }
  serveConnection(there, { ...common, log: quietWorld.log, handlers })
  return openClient(here, common, never)
}

test('the certificate of a node is renewed when a third of its time is left, by a controller that answers', async () => {
  const { id, secret } = await controller.token()
  const keyPem = await newKey()
  const csrPem = await newRequest('system:node:m', keyPem)
  const shown = { token: `${id}.${secret}`, name: 'm', csrPem, wallMs: Date.now(), level: 1, oldestLevel: 1 }
  const { head, body } = await controller.admit({ join: shown, seenFrom: '' })
  const node = { name: 'm', role: 'node', cloud: controller.cloud } as const
  await writeNodeFiles(quietWorld.disk, dataFolder, { node, credential: { ...head, keyPem } })
  const first = filesNow()
  const map = JSON.parse(new TextDecoder().decode(body)) as NodeMap
  const machines = [{ ...map.machines[0], name: 'gone', role: 'controller' }, ...map.machines] as NodeMap['machines']
  const asked: string[] = []
  const connect = async (name: string) => {
    asked.push(name)
    if (name === 'gone') throw new Error('nobody there')
    return connectAs('00')
  }
  let changes = 0
  const partsOn = (world: World) => ({
    world,
    dataFolder,
    files: filesNow,
    machines: { map: { ...map, machines }, connect },
    changed: async () => void (changes += 1),
  })
  await renewWhenDue(partsOn(laterBy(19)), never)
  assert.deepEqual([asked, changes], [[], 0], 'not before its time')
  await renewWhenDue(partsOn(laterBy(21)), never)
  assert.deepEqual([asked, changes], [['gone', 'first'], 1])
  const next = filesNow()
  assert.equal(next.credential.keyPem, first.credential.keyPem)
  assert.notEqual(next.credential.certificatePem, first.credential.certificatePem)
  assert.deepEqual(next.node, node)
})

test('doctor says when a certificate ends soon, and what to do when it has ended', () => {
  const states = [0, 26, 31].map(days => certificateCheck(filesNow(), laterBy(days)))
  assert.deepEqual(
    states.map(({ state }) => state),
    ['ok', 'warn', 'fail'],
  )
  assert.match(states[2]?.remedy ?? '', /--node m; then here: cairn down, cairn join/)
})
