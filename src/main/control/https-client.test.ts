import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { suite, test } from 'node:test'
import { listen } from '#api'
import { isFault } from '#base'
import { Client, openHttpsTransport, openInformer, readKubeconfig } from '#client'
import { machineWorld } from '#host'
import { Authority, MASTERS } from '#identity'
import { kubeconfigText } from '#rpc'
import { RESOURCES } from '#schema'
import { openTestApi } from '../testing/api.ts'

const { signal } = new AbortController()
const { clock, entropy } = machineWorld
const MAPS = RESOURCES.find(each => each.plural === 'configmaps')!
const NAMESPACES = RESOURCES.find(each => each.plural === 'namespaces')!
const times = { notBefore: new Date(Date.now() - 1000), notAfter: new Date(Date.now() + 3_600_000) }

suite('a client over HTTPS', () => {
  test('does what one in the process does, by a kubeconfig; its informer goes on when the server is replaced', async t => {
    await using api = await openTestApi()
    const { authority } = api
    const issue = (usage: 'client' | 'server') => {
      const names = { commonName: 'admin', organizations: [MASTERS], dnsNames: ['localhost'], addresses: ['127.0.0.1'] }
      return authority.issue({ ...names, ...times, usage, serial: entropy.bytes(16) })
    }
    const server = { ...(await issue('server')), authorityPem: authority.certificatePem, host: '127.0.0.1' }
    const first = await listen(api.app, { ...server, port: 0 })
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-https-'))
    t.after(() => fs.rmSync(folder, { recursive: true }))
    const url = `https://127.0.0.1:${first.port}`
    const write = async (name: string, authorityPem: string) => {
      const text = kubeconfigText({ url, authorityPem, user: 'admin', ...(await issue('client')) })
      fs.writeFileSync(path.join(folder, name), text)
      return readKubeconfig(path.join(folder, name))
    }
    await using https = openHttpsTransport(await write('good', authority.certificatePem), clock)
    const client = new Client({ transport: https.transport, clock })
    const make = (name: string) =>
      client.create(MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'n', name } }, signal)
    await client.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } }, signal)
    await make('a')
    await assert.rejects(make('a'), error => isFault(error, 'AlreadyExists'))
    assert.equal(await client.find(MAPS, { namespace: 'n', name: 'none' }, signal), undefined)

    const selection = { namespace: 'n', fields: 'metadata.name!=kube-root-ca.crt' }
    await using informer = openInformer({ client, world: machineWorld, resource: MAPS, selection })
    const told: string[] = []
    const waiting = new Map<string, () => void>()
    informer.listen(({ kind, now, before }) => {
      const line = `${kind} ${(now ?? before)?.metadata.name}`
      told.push(line)
      waiting.get(line)?.()
    })
    const hears = (line: string) => new Promise<void>(resolve => void waiting.set(line, resolve))
    await informer.synced(signal)
    const heard = hears('added b')
    await make('b')
    await heard
    await first[Symbol.asyncDispose]()
    await assert.rejects(make('lost'), error => isFault(error, 'Unreachable'))
    await api.client.delete(MAPS, { namespace: 'n', name: 'a' }, {}, signal)
    const after = hears('deleted a')
    await using _second = await listen(api.app, { ...server, port: first.port })
    await after
    assert.deepEqual(told, ['added a', 'added b', 'deleted a'])
    assert.equal(informer.requests.lists, 1, 'resumed, not listed anew')

    const other = await Authority.make('other', entropy.bytes(16), new Date())
    await using misled = openHttpsTransport(await write('other', other.certificatePem), clock)
    const refused = new Client({ transport: misled.transport, clock }).get(NAMESPACES, { name: 'n' }, signal)
    await assert.rejects(
      refused,
      error => isFault(error, 'Unreachable'),
      'a server of another authority is not believed',
    )
  })
})
