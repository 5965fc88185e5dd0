import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { test } from 'node:test'
import { isFault } from '#base'
import { type ApiResource, Client, openHttpsTransport, readKubeconfig } from '#client'
import { machineWorld } from '#host'
import { RESOURCES, textAt } from '#schema'
import { type Cloud, openCloud, until } from './cloud.ts'

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
  assert.match(alone.err, /^note: the control plane does not answer: storage makes the filesystem/)
  assert.match((await cloud.run('fs', 'ls')).out, /music/)
  fs.writeFileSync(file, text)

  assert.equal((await cloud.run('fs', 'rm', 'photos')).code, 0, 'an empty one goes without a question')
  assert.doesNotMatch((await cloud.run('fs', 'ls')).out, /photos/)

  // Two who make one at once; and the control plane killed meanwhile: it is made, or can be made again.
  const both = await Promise.all([cloud.run('fs', 'create', 'twice'), cloud.run('fs', 'create', 'twice')])
  assert.equal(both.filter(({ code }) => code === 0).length, 1)
  const wanted = {
    apiVersion: 'cairn.dev/v1',
    kind: 'Filesystem',
    metadata: { name: 'late' },
    spec: { bytesMax: '8Mi' },
  }
  await client.create(FILESYSTEMS, wanted, signal)
  process.kill(cloud.controlPid!, 'SIGKILL')
  await until(() => rowIs(cloud, 'late', row => row?.bytesMax === 8 * 2 ** 20), {
    what: 'what was wanted before the kill',
  })

  // One that holds something goes by its name only, whenever storage is killed.
  const picture = `${cloud.home}/picture`
  fs.writeFileSync(picture, randomBytes(2 ** 20))
  assert.equal((await cloud.run('put', picture, 'late:/')).code, 0)
  const refused = await cloud.run('fs', 'rm', 'late')
  assert.deepEqual([refused.code, /holds 1 file \(1.0 MiB\): nothing is deleted/.test(refused.err)], [2, true])
  const isKept = (fault: unknown) => isFault(fault, 'Forbidden') && /it holds 1 file, 1Mi/.test(fault.message)
  await until(() => isUp(client), { what: 'the control plane' })
  await assert.rejects(client.delete(FILESYSTEMS, { name: 'late' }, {}, signal), isKept)
  const mark = { metadata: { annotations: { 'cairn.dev/delete-files': 'late' } } }
  await client.patch(FILESYSTEMS, { name: 'late' }, { type: 'merge', body: mark }, signal)
  const deleted = client.delete(FILESYSTEMS, { name: 'late' }, {}, signal)
  await cloud.killStorage()
  await deleted
  await cloud.killStorage()
  await until(async () => (await client.find(FILESYSTEMS, { name: 'late' }, signal)) === undefined, { what: 'its end' })
  await until(() => rowIs(cloud, 'late', row => row === undefined), { what: 'storage' })
  assert.deepEqual(fs.readdirSync(`${cloud.data}/fs`).toSorted(), ['home', 'music', 'twice'])
})

async function isUp(client: Client): Promise<boolean> {
  const answer = await client.find(FILESYSTEMS, { name: 'home' }, signal).catch(() => undefined)
  return answer !== undefined
}

async function rowIs(cloud: Cloud, name: string, holds: (row: Row | undefined) => boolean): Promise<boolean> {
  const { code, out } = await cloud.run('-o', 'json', 'fs', 'ls')
  const rows: readonly Row[] = code === 0 ? JSON.parse(out) : []
  return code === 0 && holds(rows.find(row => row.name === name))
}

interface Row {
  readonly name: string
  readonly bytesMax?: number
}
