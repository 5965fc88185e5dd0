import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clusterFault, type Machines } from '#cluster'
import { machineClock } from '#host'
import {
  answerUnary,
  type Client,
  diskDrain,
  type DiskRow,
  duplexPair,
  type Handler,
  message,
  openClient,
  serveConnection,
} from '#rpc'
import { MachineOrders, toMachines } from './machine-orders.ts'

const NEVER = new AbortController().signal

const row: DiskRow = {
  name: 'd',
  id: 'd'.repeat(32),
  path: '/d',
  isFirst: false,
  state: 'Draining',
  chunks: 0,
  damaged: 0,
  usedBytes: 0,
  freeBytes: 0,
  totalBytes: 0,
}

/** What a machine does with an order about a disk: it notes it. */
function drains(machine: string, asked: string[]): readonly Handler[] {
  return [
    answerUnary(diskDrain, async ({ id }) => {
      asked.push(`${machine} drains ${id}`)
      return message(row)
    }),
  ]
}

async function connected(handlers: readonly Handler[]): Promise<Client> {
  const [here, there] = duplexPair()
  const common = { clock: machineClock, software: 'test' }
  serveConnection(there, { ...common, log: { info: () => undefined, warn: () => undefined }, handlers })
  return openClient(here, common, NEVER)
}

/** The local door of m1, which reaches m2, and not m3. */
async function doorOfFirst(asked: string[], orders: MachineOrders): Promise<Client> {
  const second = await connected(orders.handlers())
  const machines = {
    own: 'm1',
    map: { machines: ['m1', 'm2', 'm3'].map(name => ({ name })) },
    client: (name: string) => (name === 'm2' ? second : undefined),
    connect: async () => {
      throw clusterFault('NoPath', 'no path to it')
    },
  } as unknown as Machines
  return connected(toMachines(machines, drains('m1', asked)))
}

test('what is said of a disk the machine does that has it, and of no machine this one', async () => {
  const asked: string[] = []
  const orders = new MachineOrders([diskDrain])
  await using door = await doorOfFirst(asked, orders)
  const drain = (machine?: string) => door.call(diskDrain, { machine, id: 'x' }, NEVER)
  await assert.rejects(drain('m2'), { code: 'Busy', message: /being started/ })
  orders.serve(drains('m2', asked))
  assert.deepEqual(await drain('m2'), row)
  await drain('m1')
  await drain()
  assert.deepEqual(asked, ['m2 drains x', 'm1 drains x', 'm1 drains x'])
})

test('a machine that is not there or does not answer is named, with what to do', async () => {
  const asked: string[] = []
  await using door = await doorOfFirst(asked, new MachineOrders([diskDrain]))
  const drain = (machine: string) => door.call(diskDrain, { machine, id: 'x' }, NEVER)
  await assert.rejects(drain('m4'), { code: 'NotFound', message: /no machine m4/, hint: /cairn node ls/ })
  await assert.rejects(drain('m3'), { code: 'NoPath', message: /m3 does not answer/, hint: /node remove m3 --force/ })
  assert.deepEqual(asked, [])
})
