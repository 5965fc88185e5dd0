import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { type ApiResource, Client, openHttpsTransport, readKubeconfig } from '#client'
import { machineWorld } from '#host'
import { RESOURCES, textAt } from '#schema'
import { openCloud, until } from './cloud.ts'

const FILESYSTEMS: ApiResource = RESOURCES.find(each => each.plural === 'filesystems')!
const { signal } = new AbortController()

test('`cairn fs create` makes an object; without the API storage makes the filesystem all the same', async () => {
  await using cloud = await openCloud({ api: true, mount: false })
  const file = `${cloud.data}/kubeconfig`
  const { clock } = machineWorld
  await using https = openHttpsTransport(readKubeconfig(file), clock)
  const client = new Client({ transport: https.transport, clock })
  const made = await cloud.run('fs', 'create', 'photos')
  assert.deepEqual([made.code, made.err], [0, ''])
  const photos = await client.get(FILESYSTEMS, { name: 'photos' }, signal)
  assert.equal(textAt(photos, 'status', 'phase'), 'Ready')
  const twice = await cloud.run('fs', 'create', 'photos')
  assert.match(twice.err, /there is a filesystem photos already\nhint: .* choose another name/)
  assert.match((await cloud.run('fs', 'create', 'Photos')).err, /name: "Photos" cannot name a filesystem\nhint: /)

  // What is left of a control plane that is away: nobody listens where its kubeconfig says.
  const text = fs.readFileSync(file, 'utf8')
  fs.writeFileSync(file, text.replace(/server: .*/, 'server: https://127.0.0.1:1'))
  const alone = await cloud.run('fs', 'create', 'music')
  assert.equal(alone.code, 0, alone.err)
  assert.match(alone.err, /^note: the control plane does not answer: storage made the filesystem/)
  assert.match((await cloud.run('fs', 'ls')).out, /music/)
  fs.writeFileSync(file, text)

  await client.delete(FILESYSTEMS, { name: 'photos' }, {}, signal)
  await until(async () => !(await cloud.run('fs', 'ls')).out.includes('photos'), { what: 'the filesystem to go' })
})
