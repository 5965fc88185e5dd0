import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import fs from 'node:fs'
import https from 'node:https'
import net from 'node:net'
import path from 'node:path'
import { after, before, suite, test } from 'node:test'
import { type Cloud, openCloud, until } from './cloud.ts'
import { PROGRAM } from './cloud/cli.ts'
import { untilGone } from './cloud/processes.ts'
import { findKubectl, NO_KUBECTL } from './kubectls.ts'

const kubectlPath = findKubectl()
const skip = kubectlPath === undefined ? NO_KUBECTL : false

interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
}

suite('the control plane of cairn up', { skip, timeout: 120_000 }, () => {
  let cloud: Cloud
  let admin: string

  before(async () => {
    cloud = await openCloud({ api: true, mount: false })
    admin = `${cloud.data}/kubeconfig`
  })
  after(async () => cloud?.[Symbol.asyncDispose]())

  function kubectl(kubeconfig: string, ...words: readonly string[]): Promise<Said> {
    const env = { ...process.env, KUBECONFIG: kubeconfig, HOME: cloud.home }
    return new Promise(resolve => {
      execFile(kubectlPath ?? '', ['--request-timeout=20s', ...words], { env }, (error, out, err) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), out, err })
      })
    })
  }

  async function done(...words: readonly string[]): Promise<string> {
    const { code, out, err } = await kubectl(admin, ...words)
    assert.equal(code, 0, `kubectl ${words.join(' ')}: ${err}`)
    return out
  }

  async function kubeconfigOf(user: string, ...more: readonly string[]): Promise<string> {
    const { code, out, err } = await cloud.run('kubeconfig', '--user', user, ...more)
    assert.equal(code, 0, err)
    const file = path.join(cloud.home, `${user}.kubeconfig`)
    fs.writeFileSync(file, out, { mode: 0o600 })
    return file
  }

  const url = () => /server: (\S+)/.exec(fs.readFileSync(admin, 'utf8'))?.[1] ?? ''

  /** Until the API answers again. */
  async function untilBack(): Promise<void> {
    await until(async () => (await kubectl(admin, 'get', '--raw', '/readyz')).out === 'ok', { what: 'the API' })
  }

  test('its kubeconfig works, and only for its owner', async () => {
    assert.equal(fs.statSync(admin).mode & 0o777, 0o600)
    const namespaces = await done('get', 'namespaces', '-o', 'name')
    for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease', 'cairn-system']) {
      assert.match(namespaces, new RegExp(`^namespace/${name}$`, 'm'))
    }
    await done('create', 'namespace', 'work')
    await done('create', 'configmap', 'settings', '--from-literal=a=1', '-n', 'work')
    assert.equal(await done('get', 'configmap', 'settings', '-n', 'work', '-o', 'jsonpath={.data.a}'), '1')
    assert.match(await done('auth', 'whoami'), /admin[^]*system:masters/)
    assert.match(await done('auth', 'can-i', '*', '*'), /yes/)
  })

  test('status and doctor say where the API is and that it is well', async () => {
    const status = await cloud.json('status')
    assert.equal((status as { api: string }).api, url())
    const { out } = await cloud.run('doctor')
    assert.match(out, new RegExp(`^ok {4}API {16}${url()} answers in [0-9]+ ms$`, 'm'))
    assert.match(out, /^ok {4}server certificate valid until /m)
    assert.match(out, /^ok {4}kubeconfig /m)
  })

  test('an ordinary user may do what RBAC gives him and nothing else', async () => {
    const jane = await kubeconfigOf('jane', '--group', 'family')
    assert.match((await kubectl(jane, 'auth', 'whoami')).out, /jane[^]*family system:authenticated/)
    const before = await kubectl(jane, 'get', 'configmaps', '-n', 'work')
    assert.equal(before.code, 1)
    assert.match(before.err, /Forbidden.* User "jane" cannot list resource "configmaps" .* namespace "work"/)
    await done('create', 'rolebinding', 'family', '--clusterrole=view', '--group=family', '-n', 'work')
    await until(async () => (await kubectl(jane, 'get', 'configmaps', '-n', 'work')).code === 0, { what: 'the role' })
    assert.match((await kubectl(jane, 'auth', 'can-i', 'create', 'configmaps', '-n', 'work')).out, /^no/)
    assert.match((await kubectl(jane, 'auth', 'can-i', 'list', 'pods', '-n', 'work')).out, /^yes/)
    assert.match(
      (await kubectl(jane, 'auth', 'can-i', '--list', '-n', 'work')).out,
      /^configmaps .*\[get list watch\]$/m,
    )
    assert.equal((await kubectl(jane, 'get', 'configmaps', '-A')).code, 1)
    assert.equal(
      (await kubectl(jane, 'get', 'configmaps', '-n', 'work', '--as=admin')).code,
      1,
      'in nobody else his place',
    )
    assert.equal((await kubectl(admin, 'get', 'configmaps', '-A', '--as=jane')).code, 1)
    assert.equal((await kubectl(admin, 'get', 'configmaps', '-n', 'work', '--as=x', '--as-group=family')).code, 0)
  })

  test('nobody gives what he has not himself', async () => {
    const ann = await kubeconfigOf('ann')
    await done('create', 'rolebinding', 'ann', '--clusterrole=admin', '--user=ann', '-n', 'work')
    const give = (name: string, role: string) =>
      kubectl(ann, 'create', 'rolebinding', name, `--clusterrole=${role}`, '--user=bob', '-n', 'work')
    await until(async () => (await give('bob', 'edit')).code === 0, { what: 'the role of ann' })
    const refused = await give('bob-all', 'cluster-admin')
    assert.match(refused.err, /is attempting to grant RBAC permissions not currently held/)
    const role = await kubectl(ann, 'create', 'role', 'nodes', '--verb=*', '--resource=nodes', '-n', 'work')
    assert.match(role.err, /not currently held/)
  })

  test('a revoked certificate opens nothing more, and its connections are cut', async () => {
    const thief = await kubeconfigOf('thief', '--group', 'family')
    const [serial] = /X509SERIAL=[0-9a-f]+/.exec((await kubectl(thief, 'auth', 'whoami')).out) ?? ['']
    const words = ['get', 'configmaps', '-n', 'work', '-w', '--output-watch-events']
    const watch = spawn(kubectlPath ?? '', words, { env: { ...process.env, KUBECONFIG: thief, HOME: cloud.home } })
    let seen = ''
    watch.stdout.on('data', (text: Buffer) => {
      seen += text.toString()
    })
    const ended = new Promise(resolve => watch.once('close', resolve))
    await until(() => seen.includes('settings'), { what: 'the watch' })
    const { code, err } = await cloud.run('cert', 'revoke', serial, '--why', 'stolen')
    assert.equal(code, 0, err)
    await ended
    const refused = await kubectl(thief, 'get', 'configmaps', '-n', 'work')
    assert.match(refused.err, /You must be logged in|Unauthorized/)
  })

  test('without a credential only what is public is told', async () => {
    for (const where of ['/healthz', '/version']) assert.equal(await statusOf(`${url()}${where}`), 200)
    for (const where of ['/api', '/api/v1/namespaces', '/metrics', '/openapi/v2', '/healthz%2f']) {
      assert.equal(await statusOf(`${url()}${where}`), 401, where)
    }
  })

  test('killed, it is back by itself at the same address, and nothing is lost; storage does not notice', async () => {
    const pid = cloud.controlPid
    const storagePid = cloud.storagePid
    assert.ok(pid !== undefined)
    for (let round = 0; round < 3; round += 1) {
      await done('create', 'configmap', `kept-${round}`, '-n', 'work')
      const control = cloud.controlPid ?? 0
      process.kill(control, 'SIGKILL')
      await untilGone(control)
      assert.equal((await cloud.run('ls', '/')).code, 0, 'files while the API is away')
      await untilBack()
    }
    const names = await done('get', 'configmaps', '-n', 'work', '-o', 'name')
    for (let round = 0; round < 3; round += 1) assert.match(names, new RegExp(`configmap/kept-${round}`))
    assert.equal(cloud.storagePid, storagePid)
    const { out } = await cloud.run('doctor')
    assert.match(out, /^warn {2}control process {4}died 3 times since the start, last by signal SIGKILL$/m)
  })

  test('does not notice when storage is killed', async () => {
    const control = cloud.controlPid
    await cloud.killStorage()
    await done('create', 'configmap', 'meanwhile', '-n', 'work')
    assert.equal(cloud.controlPid, control)
  })

  test('all of it killed at once and started again at once, it is there with everything', async () => {
    await done('create', 'configmap', 'acknowledged', '-n', 'work')
    await cloud.kill()
    await cloud.start()
    assert.doesNotMatch(cloud.said, /does not answer/)
    assert.match(await done('get', 'configmaps', '-n', 'work', '-o', 'name'), /configmap\/acknowledged/)
  })

  test('started again, everything is there; with another master key, or none, it is refused by name', async () => {
    assert.equal(await cloud.stop(), '0', cloud.said)
    const key = path.join(cloud.home, 'master.key')
    const phrase = await cloud.run('key', 'phrase')
    assert.equal(phrase.out.trim().split(' ').length, 24)
    fs.renameSync(key, `${key}.away`)
    await assert.rejects(cloud.start(), error => {
      assert.match(String(error), /error: the master key .* is missing[^]*hint: .*cairn key restore/)
      assert.doesNotMatch(String(error), /starting it again/)
      return true
    })
    await new Promise<void>((resolve, reject) => {
      const env = { ...process.env, CAIRN_MASTER_KEY: key }
      const restore = spawn(process.execPath, [PROGRAM, 'key', 'restore'], {
        env,
        stdio: ['pipe', 'ignore', 'inherit'],
      })
      restore.stdin.end(phrase.out)
      restore.once('close', code => (code === 0 ? resolve() : reject(new Error(`key restore ended with ${code}`))))
    })
    assert.equal(fs.readFileSync(key, 'utf8'), fs.readFileSync(`${key}.away`, 'utf8'))
    await cloud.start()
    admin = `${cloud.data}/kubeconfig`
    assert.match(await done('get', 'configmaps', '-n', 'work', '-o', 'name'), /configmap\/meanwhile/)
    assert.doesNotMatch(cloud.said, /Write these words down/, 'shown once')
  })

  test('the data folder without the master key tells no key', async () => {
    await done('create', 'secret', 'generic', 'bank', '--from-literal=pin=swordfish-4711', '-n', 'work')
    assert.equal(await cloud.stop(), '0', cloud.said)
    const files = fs
      .readdirSync(`${cloud.data}/control`, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => path.join(entry.parentPath, entry.name))
    const [, , , master = ''] = fs.readFileSync(path.join(cloud.home, 'master.key'), 'utf8').trim().split(' ')
    for (const secret of ['PRIVATE KEY', 'swordfish', 'c3dvcmRmaXNo', master, Buffer.from(master, 'hex')]) {
      for (const file of files) assert.ok(!fs.readFileSync(file).includes(secret), `${file} holds ${String(secret)}`)
    }
  })

  test('a busy port is refused with what to do', async () => {
    const env = { ...process.env, CAIRN_MASTER_KEY: path.join(cloud.home, 'master.key') }
    const server = net.createServer()
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const words = [PROGRAM, 'up', '--data', cloud.data, '--no-mount', '--listen', `127.0.0.1:${port}`]
    const said = await new Promise<string>(resolve =>
      execFile(process.execPath, words, { env, timeout: 30_000 }, (_error, _out, err) => resolve(err)),
    )
    server.close()
    assert.match(said, /^error: the API cannot listen on 127\.0\.0\.1, port [0-9]+: another program listens there$/m)
    assert.match(said, /^hint: .*--listen 127\.0\.0\.1:[0-9]+$/m)
  })
})

/** What the API answers somebody who shows nothing. */
function statusOf(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = https.get(url, { rejectUnauthorized: false, agent: false }, response => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    request.once('error', reject)
  })
}
