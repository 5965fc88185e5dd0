import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { isFault, type World } from '#base'
import { readNodeFiles } from '#cluster'
import { openTestController, quietWorld, type TestController } from '../../testing/controller.ts'
import { keepOwnNode } from './own-node.ts'

const NODES = { group: '', version: 'v1', plural: 'nodes', kind: 'Node', isNamespaced: false } as const
const never = new AbortController().signal
let controller: TestController
let home: string
let count = 0

before(async () => {
  controller = await openTestController()
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-own-'))
})
beforeEach(() => {
  count += 1
})
after(async () => {
  await controller[Symbol.asyncDispose]()
  fs.rmSync(home, { recursive: true })
})

interface Given {
  readonly world?: World
  readonly wanted?: string
  readonly isShared?: boolean
}

function keep({ world = quietWorld, wanted, isShared = false }: Given = {}) {
  const { api, revocations } = controller
  const { issuing, authority } = api
  const dataFolder = path.join(home, String(count))
  const fetch = api.app.fetch.bind(api.app)
  return keepOwnNode({ world, dataFolder, fetch, issuing, authority, revocations, wanted, isShared }, never)
}

function certificateNow(): X509Certificate {
  const files = readNodeFiles(quietWorld.disk, path.join(home, String(count)))
  return new X509Certificate(files?.credential.certificatePem ?? '')
}

function laterBy(days: number): World {
  const wallNs = () => quietWorld.clock.wallNs() + BigInt(days) * 86_400_000_000_000n
  return { ...quietWorld, clock: { ...quietWorld.clock, wallNs } }
}

test('a first start makes the machine a controller of its cloud, a later one changes nothing', async () => {
  const { node, isChanged } = await keep({ wanted: 'one' })
  assert.deepEqual([node, isChanged], [{ name: 'one', role: 'controller', cloud: controller.cloud }, true])
  const { subject, serialNumber } = certificateNow()
  assert.equal(subject, 'O=system:nodes\nO=cairn:controllers\nCN=system:node:one')
  assert.equal((await controller.api.issuing.find(serialNumber, never))?.from, 'cairn up')
  assert.ok(await controller.api.client.find(NODES, { name: 'one' }, never))
  assert.equal((await keep()).isChanged, false)
  assert.equal(certificateNow().serialNumber, serialNumber)
})

test('its certificate is made anew when a third of its time is left, and with another key when it was revoked', async () => {
  await keep({ wanted: 'two' })
  const first = certificateNow()
  assert.equal((await keep({ world: laterBy(19) })).isChanged, false)
  assert.equal((await keep({ world: laterBy(21) })).isChanged, true)
  const second = certificateNow()
  assert.deepEqual(
    [second.publicKey.equals(first.publicKey), second.serialNumber === first.serialNumber],
    [true, false],
  )
  const serial = second.serialNumber.toLowerCase()
  await controller.revocations.revoke(serial, 'stolen', never)
  for (let tries = 0; tries < 1000 && !controller.revocations.has(serial); tries++)
    await quietWorld.clock.sleep(1, never)
  assert.equal((await keep()).isChanged, true)
  assert.ok(!certificateNow().publicKey.equals(first.publicKey))
})

test('files that are damaged, or of the authority of another cloud, are made anew', async () => {
  await keep({ wanted: 'three' })
  const folder = path.join(home, String(count), 'node')
  fs.writeFileSync(
    `${folder}/node.json`,
    JSON.stringify({ version: 1, name: 'three', role: 'controller', cloud: 'C'.repeat(43) }),
  )
  assert.deepEqual((await keep()).node, { name: 'three', role: 'controller', cloud: controller.cloud })
  fs.rmSync(`${folder}/key.pem`)
  assert.equal((await keep({ wanted: 'three' })).node.name, 'three')
})

test('on a shared keyspace a name that is taken is another machine’s', async () => {
  await keep({ wanted: 'four' })
  count += 1
  await assert.rejects(keep({ wanted: 'four', isShared: true }), error => isFault(error, 'Occupied'))
  await assert.rejects(keep({ wanted: 'No Name' }), error => isFault(error, 'Invalid'))
  const first = await keep({ isShared: true })
  count += 1
  const second = await keep({ isShared: true })
  assert.match(second.node.name, new RegExp(`^${first.node.name}-[0-9a-f]{6}$`))
})
