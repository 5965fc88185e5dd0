import assert from 'node:assert/strict'
import { test } from 'node:test'
import { subjectOf } from '#cluster'
import { machineClock } from '#host'
import {
  answerDownload,
  answerUnary,
  type Client,
  duplexPair,
  filesystemAccess,
  filesystemMount,
  type Handler,
  message,
  openClient,
  quotaSet,
  serveConnection,
  snapshotCreate,
  snapshotDiff,
  snapshotList,
  snapshotRemove,
  snapshotRestore,
} from '#rpc'
import type { Access } from '#storage/fs'
import { forwarding, HomeOrders } from './forwarding.ts'

const NOBODY: readonly string[] = []
const NEVER = new AbortController().signal
const COMMON = { clock: machineClock, log: { info: () => undefined, warn: () => undefined }, software: 'test' }
const ROW = { name: 's', root: 'cid', createdNs: 1n }

/** What the home does: it says what it was asked. */
function home(asked: string[]): readonly Handler[] {
  return [
    answerDownload(snapshotList, async function* ({ filesystem }) {
      asked.push(`list ${filesystem}`)
      yield message(ROW)
      yield message({ ...ROW, name: 't' })
      return message(undefined)
    }),
    answerDownload(snapshotDiff, async function* ({ from }) {
      asked.push(`diff ${from}`)
      yield message({ path: '/x', kind: 'file' as const, change: 'added' as const })
      return message(undefined)
    }),
    answerUnary(snapshotCreate, async ({ name }) => message({ ...ROW, name })),
    answerUnary(snapshotRemove, async () => message(undefined)),
    answerUnary(snapshotRestore, async () => message({ restored: 7 })),
    answerUnary(quotaSet, async () => message(undefined)),
    answerUnary(filesystemMount, async ({ path }) => {
      asked.push(`mount ${path}`)
      return message({ path: `${path} of the home` })
    }),
    answerUnary(filesystemAccess, async () => message({ machines: undefined, readOnly: NOBODY, rootSquash: true })),
  ]
}

const METHODS = [
  snapshotList,
  snapshotDiff,
  snapshotCreate,
  snapshotRemove,
  snapshotRestore,
  quotaSet,
  filesystemAccess,
  filesystemMount,
]

async function connected(handlers: readonly Handler[], name?: string, isController = false): Promise<Client> {
  const [here, there] = duplexPair()
  const peer = name === undefined ? undefined : { ...subjectOf({ name, isController }), serial: '00' }
  serveConnection(there, { ...COMMON, handlers, ...(peer === undefined ? {} : { peer }) })
  return openClient(here, { clock: machineClock, software: 'test' }, NEVER)
}

/** A machine's local door, whose orders go to a home that lets it do so much. */
async function doorOf(access: Access | undefined, isController = false) {
  const asked: string[] = []
  const orders = new HomeOrders(METHODS)
  const filesystem = { access: { of: () => access } }
  const toHome = await connected(orders.handlers(), 'm2', isController)
  const machines = {
    own: 'm2',
    map: { isShared: true, filesystems: [{ name: 'home', home: 'm1', epoch: 1, inSync: ['m1'] }], machines: [] },
    client: () => toHome,
  }
  const elsewhere = { filesystems: { all: [] }, peers: { machines } } as unknown as Parameters<typeof forwarding>[0]
  const door = await connected(forwarding(elsewhere, home([])))
  const begin = () => orders.serve({ all: [{ name: 'home', filesystem }] } as never, home(asked))
  return { door, asked, begin, [Symbol.asyncDispose]: async () => door[Symbol.asyncDispose]() }
}

test('what is ordered on one machine the home of the filesystem does, and its stream comes back', async () => {
  await using machine = await doorOf('squashed')
  const { door } = machine
  const list = () =>
    Array.fromAsync(door.download(snapshotList, { filesystem: 'home' }, NEVER), ({ head }) => head.name)
  await assert.rejects(list(), { code: 'HomeUnreachable' })
  machine.begin()
  assert.deepEqual(await list(), ['s', 't'])
  const diff = { filesystem: 'home', from: 's', to: undefined }
  const changes = await Array.fromAsync(door.download(snapshotDiff, diff, NEVER), ({ head }) => head.change)
  assert.deepEqual([changes, machine.asked], [['added'], ['list home', 'diff s']])
  assert.equal((await door.call(snapshotCreate, { filesystem: 'home', name: 'new' }, NEVER)).name, 'new')
})

test('what destroys is refused to a machine whose root is nobody, unless it is a controller', async () => {
  const place = { filesystem: 'home', path: '/' }
  const destroying = (door: Client) => [
    () => door.call(snapshotRemove, { filesystem: 'home', name: 's' }, NEVER),
    () => door.call(snapshotRestore, { place, name: 's' }, NEVER),
    () => door.call(quotaSet, { place, bytesMax: 1, inodesMax: undefined }, NEVER),
  ]
  for (const access of ['squashed', 'readOnly', 'full'] as const) {
    await using machine = await doorOf(access, access === 'full')
    machine.begin()
    for (const order of destroying(machine.door)) {
      if (access === 'full') await order()
      else await assert.rejects(order(), { code: 'Forbidden' })
    }
    const create = machine.door.call(snapshotCreate, { filesystem: 'home', name: 'new' }, NEVER)
    if (access === 'readOnly') await assert.rejects(create, { code: 'Forbidden' })
    else await create
    const to = { readOnly: [], rootSquash: false }
    const open = machine.door.call(filesystemAccess, { filesystem: 'home', to }, NEVER)
    if (access === 'full') await open
    else await assert.rejects(open, { code: 'Forbidden' })
    assert.equal((await machine.door.call(filesystemAccess, { filesystem: 'home' }, NEVER)).rootSquash, true)
  }
  await using stranger = await doorOf(undefined)
  stranger.begin()
  await assert.rejects(Array.fromAsync(stranger.door.download(snapshotList, { filesystem: 'home' }, NEVER)), {
    code: 'Forbidden',
  })
})

test('a mount is of this machine, or where the filesystem lives when a controller says so', async () => {
  const here = { filesystem: 'home', path: '/files' }
  for (const [access, isController] of [
    [undefined, true],
    ['full', false],
  ] as const) {
    await using machine = await doorOf(access, isController)
    machine.begin()
    await machine.door.call(filesystemMount, here, NEVER)
    assert.deepEqual(machine.asked, [], 'the home is not asked')
    const there = machine.door.call(filesystemMount, { ...here, atHome: true }, NEVER)
    if (isController) assert.equal((await there).path, '/files of the home')
    else await assert.rejects(there, { code: 'Forbidden' })
    assert.deepEqual(machine.asked, isController ? ['mount /files'] : [])
  }
})

test('a controller that may not use a filesystem can still let others, and itself, use it', async () => {
  await using machine = await doorOf(undefined, true)
  machine.begin()
  const to = { readOnly: [], rootSquash: true }
  assert.equal((await machine.door.call(filesystemAccess, { filesystem: 'home', to }, NEVER)).rootSquash, true)
})
