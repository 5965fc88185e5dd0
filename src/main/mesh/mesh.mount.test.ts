import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { allocate, type MeshRow, type MeshStatus } from '#mesh'
import type { Machines, MeshReport, NodeMap } from '#cluster'
import { machineWorld } from '#host'
import { type Client, doorOf, type Handler, listenSocket } from '#rpc'
import { MeshDesk } from './desk.ts'
import { wireguardObstacle } from './obstacle.ts'

/** Two machines in network namespaces of their own, with real mesh processes; storage and control are played here. */
class TestMesh implements AsyncDisposable {
  readonly names = ['a', 'b']
  readonly #stack = new AsyncDisposableStack()
  readonly #reports = new Map<string, MeshReport>()
  readonly #desks = new Map<string, MeshDesk>()
  readonly #methods = new Map<string, readonly Handler[]>()
  readonly #children = new Map<string, ChildProcess>()
  readonly #listeners = new Set<() => void>()
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-mesh-'))
  #map: NodeMap = map(1, [])

  static async open(): Promise<TestMesh> {
    const mesh = new TestMesh()
    try {
      await mesh.#open()
      return mesh
    } catch (error) {
      await mesh[Symbol.asyncDispose]()
      throw error
    }
  }

  async #open(): Promise<void> {
    this.#stack.defer(() => fs.rmSync(this.folder, { recursive: true }))
    for (const name of this.names) {
      run('ip', 'netns', 'add', this.namespace(name))
      this.#stack.defer(() => void run('ip', 'netns', 'delete', this.namespace(name)))
      run('ip', '-n', this.namespace(name), 'link', 'set', 'lo', 'up')
      fs.mkdirSync(`${this.data(name)}/node`, { recursive: true })
      fs.writeFileSync(this.resolvConf(name), 'nameserver 192.0.2.53\n')
    }
    const [a = '', b = ''] = this.names.map(name => this.namespace(name))
    run('ip', 'link', 'add', 'lan', 'netns', a, 'type', 'veth', 'peer', 'name', 'lan', 'netns', b)
    for (const [index, namespace] of [a, b].entries()) {
      run('ip', '-n', namespace, 'addr', 'add', `198.18.7.${index + 1}/24`, 'dev', 'lan')
      run('ip', '-n', namespace, 'link', 'set', 'lan', 'up')
    }
    for (const name of this.names) await this.#serve(name)
  }

  namespace(name: string): string {
    return `cairn-mesh-${process.pid}-${name}`
  }

  data(name: string): string {
    return `${this.folder}/${name}`
  }

  resolvConf(name: string): string {
    return `${this.folder}/resolv.${name}`
  }

  start(name: string, provider = 'wireguard', work = 'serve'): ChildProcess {
    const entry = path.join(import.meta.dirname, '..', 'cairn.ts')
    const inside = `mount --bind ${this.resolvConf(name)} /etc/resolv.conf && exec ${process.execPath} ${entry} mesh`
    const words = ['netns', 'exec', this.namespace(name), 'unshare', '--mount', 'sh', '-c', inside]
    const child = spawn('ip', words, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], serialization: 'advanced' })
    const wanted = { provider, isResolvConf: true }
    child.send({ kind: 'start', dataFolder: this.data(name), supervisorPid: process.pid, words: wanted, work })
    this.#children.set(name, child)
    return child
  }

  child(name: string): ChildProcess {
    const child = this.#children.get(name)
    assert.ok(child !== undefined)
    return child
  }

  async stop(name: string, signal?: NodeJS.Signals): Promise<void> {
    const child = this.#children.get(name)
    this.#children.delete(name)
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise(resolve => child.once('exit', resolve))
    if (signal === undefined) child.send({ kind: 'stop' })
    else child.kill(signal)
    await ended
  }

  row(from: string, to: string): MeshRow | undefined {
    return this.#desks
      .get(from)
      ?.status()
      .machines.find(({ name }) => name === to)
  }

  statusOf(name: string): MeshStatus {
    const status = this.#desks.get(name)?.status()
    assert.ok(status !== undefined)
    return status
  }

  /** Prints what a program says in the namespace of a machine. */
  in(name: string, ...words: readonly string[]): string {
    return run('ip', 'netns', 'exec', this.namespace(name), ...words)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.names.map(name => this.stop(name)))
    await this.#stack.disposeAsync()
  }

  async #serve(name: string): Promise<void> {
    const machines: Partial<Machines> = {
      own: name,
      onMap: listener => {
        const told = () => listener(this.#map)
        this.#listeners.add(told)
        return { [Symbol.dispose]: () => void this.#listeners.delete(told) }
      },
      client: other => this.#client(name, other),
      connect: () => Promise.reject(new Error('not in this test')),
    }
    const given = Object.defineProperty(machines, 'map', { get: () => this.#map }) as Machines
    const report = (said: MeshReport) => this.#hear(name, said)
    const words = { provider: 'wireguard', isResolvConf: true }
    const desk = new MeshDesk({ world: machineWorld, machines: given, words, report })
    this.#desks.set(name, desk)
    this.#methods.set(name, desk.machineMethods())
    const options = {
      clock: machineWorld.clock,
      log: machineWorld.log,
      software: 'test',
      handlers: desk.localMethods(),
    }
    this.#stack.use(await listenSocket(doorOf(this.data(name)), options))
  }

  #client(from: string, to: string): Client | undefined {
    const [handler] = this.#methods.get(to) ?? []
    const peer = { name: `system:node:${from}`, groups: ['system:nodes'], serial: '' }
    const streams = { items: (async function* () {})(), send: () => Promise.resolve() }
    const exchange = (_: unknown, { body }: { readonly body: Uint8Array }, signal: AbortSignal) =>
      handler?.run(undefined, { peer, body, signal }, streams)
    return { exchange } as unknown as Client
  }

  #hear(name: string, said: MeshReport): void {
    this.#reports.set(name, said)
    const places = new Map(this.#map.machines.map(each => [each.name, each.mesh]))
    const machines = this.names.map(each => ({
      name: each,
      isController: each === 'a',
      before: places.get(each),
      report: this.#reports.get(each),
    }))
    const plan = allocate(machines, { cloud: 'test', before: this.#map.mesh })
    const rows = this.names.map((each, index) => {
      const mesh = plan.places.get(each)
      return { ...machine(each, index), ...(mesh === undefined ? {} : { mesh }) }
    })
    const next = { ...map(this.#map.version, rows), ...(plan.ranges === undefined ? {} : { mesh: plan.ranges }) }
    if (JSON.stringify(next) === JSON.stringify(this.#map)) return
    this.#map = { ...next, version: next.version + 1 }
    for (const listener of this.#listeners) listener()
  }
}

function map(version: number, machines: NodeMap['machines']): NodeMap {
  const empty = { pools: [], filesystems: [], revoked: [] }
  return { version, cloud: 'test', level: 1, groups: 1, machines, ...empty, isShared: true }
}

function machine(name: string, index: number): NodeMap['machines'][number] {
  const role = index === 0 ? 'controller' : 'node'
  return { name, role, zone: '', addresses: [], state: 'Online', disks: [] }
}

function run(program: string, ...words: readonly string[]): string {
  return execFileSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

async function until(what: string, holds: () => boolean, timeoutMs = 60_000): Promise<void> {
  for (let waitedMs = 0; !holds(); waitedMs += 100) {
    assert.ok(waitedMs < timeoutMs, `not in ${timeoutMs} ms: ${what}`)
    await delay(100)
  }
}

const skip = process.geteuid?.() === 0 ? (wireguardObstacle()?.problem ?? false) : 'only root makes namespaces'

suite('mesh processes in two network namespaces', { skip, timeout: 120_000 }, () => {
  test('reach each other, have names, and leave nothing behind, also those that were killed', async () => {
    await using mesh = await TestMesh.open()
    await startAll(mesh)
    await until('a reaches b', () => mesh.row('a', 'b')?.path === 'direct' && mesh.row('b', 'a')?.path === 'direct')
    assert.deepEqual([mesh.row('a', 'b')?.address, mesh.row('b', 'a')?.address], ['10.44.0.2', '10.44.0.1'])
    assert.match(fs.readFileSync(mesh.resolvConf('a'), 'utf8'), /^# cairn mesh.*\nnameserver 10\.44\.0\.1\n/)
    assert.equal(resolved(mesh, 'a', 'b.cairn.internal', '10.44.0.1'), '10.44.0.2')
    // Also over the mesh, at the other machine.
    assert.equal(resolved(mesh, 'a', 'a.cairn.internal', '10.44.0.2'), '10.44.0.1')
    assert.equal(fs.statSync(`${mesh.data('a')}/node/mesh.key`).mode & 0o777, 0o600)
    assert.match(mesh.in('a', 'nft', 'list', 'tables'), /table inet cairn_mesh_cairn\d/)

    // A process that is killed leaves the way that it has made; the next one takes it over.
    const peers = mesh.in('a', 'wg', 'show', 'all', 'latest-handshakes')
    await mesh.stop('a', 'SIGKILL')
    assert.equal(mesh.in('a', 'wg', 'show', 'all', 'latest-handshakes'), peers)
    mesh.start('a')
    await until('the next one has taken over', () => interfaces(mesh, 'a').length === 1 && isNamed(mesh, 'a'))
    assert.equal(mesh.in('a', 'wg', 'show', 'all', 'latest-handshakes'), peers)

    await mesh.stop('a', 'SIGKILL')
    mesh.start('a', 'none', 'clean')
    await until('what it left is removed', () => interfaces(mesh, 'a').length === 0)

    // Whose interface is removed by somebody ends, so that it is started again.
    const ended = new Promise(resolve => mesh.child('b').once('exit', resolve))
    mesh.in('b', 'ip', 'link', 'delete', interfaces(mesh, 'b')[0] ?? '')
    assert.equal(await ended, 1)
    mesh.start('b')
    await until('b is there again', () => interfaces(mesh, 'b').length === 1)
    await mesh.stop('b')
    for (const name of mesh.names) {
      assert.deepEqual(interfaces(mesh, name), [])
      assert.equal(mesh.in(name, 'nft', 'list', 'tables'), '')
      assert.equal(mesh.in(name, 'ip', 'route').trim().split('\n').length, 1)
      assert.equal(fs.readFileSync(mesh.resolvConf(name), 'utf8'), 'nameserver 192.0.2.53\n')
    }
  })

  test('a range that clashes with a network of the machine is named, and that network goes on', async () => {
    await using mesh = await TestMesh.open()
    mesh.in('b', 'ip', 'addr', 'add', '10.44.9.1/24', 'dev', 'lan')
    await startAll(mesh)
    await until('b says so', () => mesh.statusOf('b').problem?.includes('clash') === true)
    assert.match(mesh.statusOf('b').problem ?? '', /10\.44\.0\.0\/16 of the mesh clashes with 10\.44\.9\.0\/24 on lan/)
    assert.match(mesh.statusOf('b').remedy ?? '', /--mesh-range/)
    assert.doesNotMatch(mesh.in('b', 'ip', 'route'), /10\.44\.0\.0/)
    mesh.in('b', 'ip', 'addr', 'delete', '10.44.9.1/24', 'dev', 'lan')
    await until('b is on the mesh', () => mesh.row('a', 'b')?.path === 'direct')
  })

  test('an interface that is there is used as it is', async () => {
    await using mesh = await TestMesh.open()
    for (const name of mesh.names) mesh.start(name, 'interface:lan')
    await until('they are reached over it', () => mesh.row('a', 'b')?.path === 'interface')
    assert.equal(mesh.row('a', 'b')?.address, '198.18.7.2')
    assert.deepEqual(interfaces(mesh, 'a'), [])
    assert.equal(resolved(mesh, 'a', 'b.cairn.internal', '198.18.7.1'), '198.18.7.2')
  })
})

// One after the other: sockets of wireguard-go are in one folder for both, so that their interfaces need different names.
async function startAll(mesh: TestMesh): Promise<void> {
  for (const name of mesh.names) {
    mesh.start(name)
    await until(`${name} has an interface`, () => interfaces(mesh, name).length === 1)
  }
}

function interfaces(mesh: TestMesh, name: string): readonly string[] {
  return mesh
    .in(name, 'ls', '/sys/class/net')
    .split('\n')
    .filter(each => each.startsWith('cairn'))
}

function isNamed(mesh: TestMesh, name: string): boolean {
  return fs.readFileSync(mesh.resolvConf(name), 'utf8').includes('10.44.')
}

function resolved(mesh: TestMesh, from: string, name: string, server: string): string {
  const script = `const r = new (require('dns').promises.Resolver)(); r.setServers(['${server}'])
    r.resolve4('${name}').then(found => console.log(found.join()))`
  return mesh.in(from, process.execPath, '-e', script).trim()
}
