import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { after, before, suite, test } from 'node:test'
import { isFault } from '#base'
import { Client, openHttpsTransport, readKubeconfig } from '#client'
import { machineWorld } from '#host'
import { jsonAt, listAt, textAt } from '#schema'
import { type Cloud, openCloud, until } from './cloud.ts'
import { checkNodeRights, kubectlAs } from './cloud/node-rights.ts'
import { findKubectl, NO_KUBECTL } from './kubectls.ts'

const never = new AbortController().signal
const { clock } = machineWorld
const WHOAMI = { method: 'POST', path: '/apis/authentication.k8s.io/v1/selfsubjectreviews', body: {} } as const

const USERS = { group: 'cairn.dev', version: 'v1', plural: 'users', kind: 'User', isNamespaced: false } as const

suite('tokens and certificates on the command line', { timeout: 120_000 }, () => {
  let cloud: Cloud
  let url: string

  before(async () => {
    cloud = await openCloud({ api: true, mount: false })
    url = readKubeconfig(`${cloud.data}/kubeconfig`).url
  })
  after(async () => cloud?.[Symbol.asyncDispose]())

  async function newToken(...more: readonly string[]): Promise<string> {
    const { code, out, err } = await cloud.run('token', 'create', '--user', 'ada', ...more)
    assert.equal(code, 0, err)
    return out.trim()
  }

  const exchange = (token: string, user = 'ada') =>
    cloud.run('kubeconfig', '--server', url, '--user', user, '--token', token)

  const whoIs = async (kubeconfig: string) => textAt(await meOf(kubeconfig), 'username')
  const groupsOf = async (kubeconfig: string) => listAt(await meOf(kubeconfig), 'groups')

  async function meOf(kubeconfig: string) {
    const file = path.join(cloud.home, 'someone.kubeconfig')
    fs.writeFileSync(file, kubeconfig, { mode: 0o600 })
    await using https = openHttpsTransport(readKubeconfig(file), clock)
    const answer = await new Client({ transport: https.transport, clock }).request(WHOAMI, never)
    return jsonAt(answer, 'status', 'userInfo') ?? {}
  }

  // While the control process is started anew.
  async function untilWell(...words: readonly string[]) {
    for (;;) {
      const result = await cloud.run(...words)
      if (result.code === 0 || !/does not answer|connection/.test(result.err)) return result
    }
  }

  test('a token is shown once, becomes a certificate once, and is listed until then', async () => {
    const token = await newToken('--description', 'for her laptop')
    const listed = await cloud.run('token', 'ls')
    assert.ok(listed.out.includes(token.slice(0, 6)) && listed.out.includes('for her laptop'))
    assert.ok(!listed.out.includes(token.slice(7, 23)), 'without its secret')
    const given = await exchange(token)
    assert.equal(given.code, 0, given.err)
    assert.equal(await whoIs(given.out), 'ada')
    const again = await exchange(token)
    assert.equal(again.code, 1)
    assert.match(again.err, /the token does not hold: it was used[^]*hint: Ask for another: `cairn token create/)
    assert.ok(!(await cloud.run('token', 'ls')).out.includes(token.slice(0, 6)))
  })

  test('a revoked certificate is refused at once', async () => {
    const given = await exchange(await newToken())
    const { out } = await cloud.run('cert', 'ls', '-o', 'json')
    const rows = JSON.parse(out) as readonly { readonly serial: string; readonly user: string }[]
    const { serial = '' } = rows.filter(({ user }) => user === 'ada').at(-1) ?? {}
    assert.equal(await whoIs(given.out), 'ada')
    assert.equal((await cloud.run('cert', 'revoke', serial)).code, 0)
    await assert.rejects(whoIs(given.out), error => isFault(error, 'Unauthorized') || isFault(error, 'Unreachable'))
    assert.match((await cloud.run('cert', 'ls')).out, new RegExp(`${serial}.*revoked`))
  })

  test("the administrator's certificate is in the list, and when it is revoked there is another on the machine", async () => {
    const admins = async () => {
      const { out } = await cloud.run('cert', 'ls', '-o', 'json')
      const rows = JSON.parse(out) as readonly { serial: string; user: string; from: string; isRevoked: boolean }[]
      return rows.filter(({ user, isRevoked }) => user === 'admin' && !isRevoked)
    }
    const [own, ...others] = await admins()
    assert.deepEqual([own?.from, others], ['cairn up', []])
    const before = (await cloud.run('kubeconfig')).out
    const revoked = await cloud.run('cert', 'revoke', own?.serial ?? '')
    assert.match(revoked.out, /could do everything.*`cairn kubeconfig` there prints it/s)
    await assert.rejects(whoIs(before), error => isFault(error, 'Unauthorized') || isFault(error, 'Unreachable'))
    await until(async () => (await cloud.run('kubeconfig')).out !== before, { what: 'another kubeconfig' })
    assert.equal(await whoIs((await cloud.run('kubeconfig')).out), 'admin')
    const [next] = await admins()
    assert.notEqual(next?.serial, own?.serial)
  })

  const kubectl = findKubectl()
  test('a machine gets what the pods on it need', { skip: kubectl === undefined ? NO_KUBECTL : false }, async () => {
    const { code, out, err } = await cloud.run('kubeconfig', '--user', 'system:node:one', '--group', 'system:nodes')
    assert.equal(code, 0, err)
    const file = path.join(cloud.home, 'node.kubeconfig')
    fs.writeFileSync(file, out, { mode: 0o600 })
    const as = (kubeconfig: string) => kubectlAs(kubectl ?? '', cloud.home, kubeconfig)
    await checkNodeRights(as(`${cloud.data}/kubeconfig`), as(file))
  })

  test('a token for another authority, of another user, revoked or cut off is refused by name', async () => {
    const token = await newToken()
    const elsewhere = await exchange(`${token.slice(0, 24)}${'A'.repeat(43)}`)
    assert.match(elsewhere.err, /is not the Cairn that the token is of/)
    assert.match((await exchange(token.slice(0, 23))).err, /no whole token/)
    assert.match((await exchange(token, 'eve')).err, /must be "ada"/)
    assert.match((await cloud.run('token', 'revoke', token)).out, /^Token \w{6} lets nobody in any more$/m)
    assert.equal((await exchange(token)).code, 1)
    assert.match((await cloud.run('token', 'revoke', token)).err, /there is no token/)
    const reserved = await cloud.run('token', 'create', '--user', 'system:admin')
    assert.match(reserved.err, /is a name of the system/)
    assert.equal((await cloud.run('token', 'create', '--ttl', 'soon')).code, 2)
  })

  test('a device has a record, a certificate and then neither; a user who is disabled is nobody', async () => {
    const added = await cloud.run('device', 'add', '--new', '--kubeconfig', '--description', 'her phone')
    assert.equal(added.code, 0, added.err)
    const name = (await whoIs(added.out)) ?? ''
    assert.match(name, /^device:[0-9a-f]{32}$/)
    const hash = name.slice('device:'.length)
    await using https = openHttpsTransport(readKubeconfig(`${cloud.data}/kubeconfig`), clock)
    const client = new Client({ transport: https.transport, clock })
    const record = { method: 'GET', path: `/apis/nanocloud.io/v1/namespaces/default/devices/device-${hash}` } as const
    await until(async () => textAt(await client.request(record, never), 'status', 'lastSeen') !== undefined, {
      what: 'a device that was seen',
    })
    assert.match((await cloud.run('device', 'ls')).out, new RegExp(`^${hash} +default .*her phone$`, 'm'))
    assert.equal((await cloud.run('device', 'rm', hash)).out, `Forgot device ${hash}\n`)
    assert.match(
      (await cloud.run('device', 'rm', hash)).err,
      /there is no device[^]*hint: `cairn device ls` lists them/,
    )
    const isOut = (error: unknown) => isFault(error, 'Unauthorized') || isFault(error, 'Unreachable')
    await assert.rejects(whoIs(added.out), isOut)
    // Not good again for another of the same name.
    assert.equal((await cloud.run('device', 'add', hash)).code, 0)
    await assert.rejects(whoIs(added.out), isOut)
    const given = await exchange(await newToken())
    const users = {
      path: '/apis/cairn.dev/v1/users',
      body: { metadata: { name: 'ada' }, spec: { groups: ['family'] } },
    }
    await client.request({ method: 'POST', ...users }, never)
    await until(async () => (await groupsOf(given.out)).includes('family'), { what: 'a group' })
    const body = { spec: { disabled: true } }
    await client.patch(USERS, { name: 'ada' }, { type: 'merge', body: body }, never)
    await until(() => whoIs(given.out).then(() => false, isOut), { what: 'nobody' })
    await client.delete(USERS, { name: 'ada' }, {}, never)
  })

  test('all secrets are sealed with a new key although the control process is killed, and the master key is replaced', async () => {
    const file = path.join(cloud.home, 'master.key')
    const before = fs.readFileSync(file, 'latin1')
    await using https = openHttpsTransport(readKubeconfig(`${cloud.data}/kubeconfig`), clock)
    const client = new Client({ transport: https.transport, clock })
    const secrets = '/api/v1/namespaces/default/secrets'
    const names = Array.from({ length: 150 }, (_, at) => `kept-${at}`)
    await Promise.all(
      names.map(name => {
        const body = { metadata: { name }, stringData: { name } }
        return client.request({ method: 'POST', path: secrets, body }, never)
      }),
    )
    const sealed = fs.readFileSync(`${cloud.data}/control/server.json`, 'utf8')
    const rotating = cloud.run('key', 'rotate')
    await until(() => fs.readFileSync(`${cloud.data}/control/server.json`, 'utf8') !== sealed, {
      what: 'a new data key',
    })
    const { controlPid } = cloud
    if (controlPid !== undefined) process.kill(controlPid, 'SIGKILL')
    await rotating
    const again = await untilWell('key', 'rotate')
    assert.match(again.out, /A new data key seals everything/)
    for (const name of names) {
      const answer = await client.request({ method: 'GET', path: `${secrets}/${name}` }, never)
      assert.equal(textAt(answer, 'data', 'name'), Buffer.from(name).toString('base64'))
    }
    const replaced = await cloud.run('key', 'rotate', '--master')
    assert.match(replaced.out, /^A new master key is in .*\n\n([a-z]+ ){23}[a-z]+\n\n$/s)
    assert.notEqual(fs.readFileSync(file, 'latin1'), before)
    assert.match((await cloud.run('doctor')).out, /ok +master key/)
    await cloud.stop()
    const now = fs.readFileSync(file, 'latin1')
    fs.writeFileSync(file, before)
    await assert.rejects(cloud.start(), /is of another Cairn/)
    fs.writeFileSync(file, now)
    await cloud.start()
    url = readKubeconfig(`${cloud.data}/kubeconfig`).url
  })

  test('the data folder holds no secret in the clear, and without the master key nothing can be opened', async () => {
    const token = await newToken('--reusable', '--ttl', '1h')
    const secret = token.slice(7, 23)
    const encoded = Buffer.from(secret).toString('base64')
    await using https = openHttpsTransport(readKubeconfig(`${cloud.data}/kubeconfig`), clock)
    const client = new Client({ transport: https.transport, clock })
    const metadata = { name: 'treasure', annotations: { note: 'x-marks-the-spot' } }
    const body = { metadata, stringData: { password: 'correct-horse' } }
    await client.request({ method: 'POST', path: '/api/v1/namespaces/default/secrets', body }, never)
    await cloud.stop()
    const words = [
      secret,
      encoded,
      'x-marks-the-spot',
      'correct-horse',
      Buffer.from('correct-horse').toString('base64'),
    ]
    for (const file of fs.readdirSync(cloud.data, { recursive: true, withFileTypes: true })) {
      // The administrator's and this machine's credentials are for whoever may read the folder; they are no keys of the cloud.
      const isOwn = file.name === 'kubeconfig' || (file.name === 'key.pem' && path.basename(file.parentPath) === 'node')
      if (!file.isFile() || isOwn) continue
      const bytes = fs.readFileSync(path.join(file.parentPath, file.name))
      for (const word of [...words, 'PRIVATE KEY']) assert.ok(!bytes.includes(word), `${file.name}: ${word}`)
    }
  })
})
