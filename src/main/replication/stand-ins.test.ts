import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { isFault } from '#base'
import { clusterFault, type MapFilesystem, type NodeMap, subjectOf } from '#cluster'
import { machineWorld } from '#host'
import { openMemoryKeyspace } from '#keyspace'
import { duplexPair, openClient, serveConnection } from '#rpc'
import { isErrno, openFilesystem, ROOT_INO } from '#storage/fs'
import { standInHandlers } from '../remote-fs/handlers.ts'
import { MemoryChunkSource } from '../remote-fs/testing/chunks.ts'
import { StandIns } from './stand-ins.ts'

const never = new AbortController().signal
const world = { ...machineWorld, log: { info: () => undefined, warn: () => undefined } }
const LOOK = { kind: 'attributes', input: { ino: ROOT_INO }, newest: { answered: 0, epoch: undefined } } as const
const home: MapFilesystem = { name: 'home', home: 'a', epoch: 2, inSync: ['a', 'b'] }
const cannot = (error: unknown) => isFault(error, 'HomeUnreachable')

/** What a machine with the log of a filesystem knows and hears. */
interface Setting {
  /** What it is called: `b` has the log. */
  readonly own?: string
  readonly controllers?: number
  /** The home answers it. */
  readonly hearsHome?: boolean
  /** What controllers say of the filesystem; undefined: none answers. */
  readonly said?: MapFilesystem | undefined
}

async function standIns({ own = 'b', controllers = 1, hearsHome = false, said }: Setting) {
  const stack = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'cairn-stand-ins-'))
  stack.defer(() => rmSync(folder, { recursive: true }))
  const chunks = new MemoryChunkSource()
  const keyspace = openMemoryKeyspace({ world, history: { ms: 0, revisions: 0 } })
  const owner = { uid: 0, gid: 0 }
  const filesystem = { world, folder, name: 'home', keyspace, chunks, bootId: '0', owner, isMounted: false }
  stack.use(await openFilesystem(filesystem))
  const role = (index: number) => (index < controllers ? ('controller' as const) : ('node' as const))
  const names = ['a', 'b', 'c']
  const machines = names.map((name, index) => ({ name, role: role(index), zone: '', addresses: [], disks: [] }))
  const client = (name: string) =>
    name === 'a' && hearsHome ? { call: async () => ({ records: [], lacks: [] }) } : undefined
  const calls = { home: 0, controllers: 0 }
  const parts = {
    world,
    chunks,
    machines: {
      own,
      map: { machines } as unknown as NodeMap,
      client: (name: string) => (calls.home++, client(name)) as never,
      connect: async (): Promise<never> => {
        throw clusterFault('NoPath', 'it is away')
      },
    } as never,
    records: { of: () => home },
    standbys: {
      read: async (_: string, __: AbortSignal, run: (given: typeof keyspace) => Promise<never>) => run(keyspace),
    },
    setHome: async () => {
      calls.controllers++
      if (said === undefined) throw clusterFault('NoController', 'nobody')
      return { outcome: 'done' as const, map: { filesystems: [said] } as unknown as NodeMap }
    },
  }
  return { made: new StandIns(parts), calls, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

suite('a machine with the log of a filesystem', () => {
  const machine = { name: 'c', isController: false }
  const answers = async (setting: Setting) => {
    await using t = await standIns(setting)
    const { answer } = await t.made.answer(machine, 'home', LOOK, never)
    return !isErrno(answer)
  }

  test('answers for a home that is silent, when the controllers say that its log is as far', async () => {
    assert.equal(await answers({ controllers: 3, said: home }), true)
    assert.equal(await answers({ said: home }), true)
  })

  test('answers where people name the next home and no controller is left', async () => {
    assert.equal(await answers({}), true)
  })

  test('does not while the home answers it', async () => {
    await assert.rejects(answers({ hearsHome: true, said: home }), cannot)
  })

  test('does not when it was left out meanwhile, or there is another home, or nobody says that there is not', async () => {
    await assert.rejects(answers({ controllers: 3, said: { ...home, inSync: ['a'] } }), cannot)
    await assert.rejects(answers({ said: { ...home, inSync: ['a'] } }), cannot)
    await assert.rejects(answers({ controllers: 3, said: { ...home, home: 'b', epoch: 3 } }), cannot)
    await assert.rejects(answers({ controllers: 3 }), cannot)
  })

  test('that is not in sync does not', async () => {
    await assert.rejects(answers({ own: 'c', said: home }), cannot)
  })

  test('looks for silent machines seldom, however much it is asked', async () => {
    await using t = await standIns({})
    for (let count = 0; count < 50; count++) await t.made.answer(machine, 'home', LOOK, never)
    assert(t.calls.home <= 2 && t.calls.controllers <= 2, JSON.stringify(t.calls))
  })
})

test('whoever is asked first answers: this machine, or another over rpc', async () => {
  await using here = await standIns({})
  const told = await here.made.ask('home', LOOK, never)
  assert(!isErrno(told.answer) && told.answer.ino === ROOT_INO)

  const [near, far] = duplexPair()
  const peer = { ...subjectOf({ name: 'c', isController: false }), serial: '00' }
  const common = { clock: world.clock, log: world.log, software: 'test' }
  await using _served = serveConnection(far, { ...common, handlers: standInHandlers(here.made), peer })
  await using client = await openClient(near, common, never)
  const machines = { own: 'c', map: { machines: [] }, client: (name: string) => (name === 'b' ? client : undefined) }
  const elsewhere = new StandIns({ world, machines, records: { of: () => home } } as never)
  const answer = await elsewhere.ask('home', LOOK, never)
  assert.deepEqual(answer.answer, told.answer)

  const nobody = new StandIns({ world, machines, records: { of: () => ({ ...home, inSync: ['a'] }) } } as never)
  await assert.rejects(nobody.ask('home', LOOK, never), cannot)
})
