import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { type Digest, digestOf } from '#base'
import { type NodeMap, subjectOf } from '#cluster'
import { machineDisk, machineWorld } from '#host'
import { Authority } from '#identity'
import {
  answerUpload,
  type Client,
  connectTls,
  giveBack,
  type Handler,
  integer,
  listenTls,
  message,
  nothing,
  openPeer,
  shape,
  type TlsCredential,
  upload,
} from '#rpc'
import { openChunkStore, sqliteIndex, threadWorkers } from '#storage/chunks'
import { openPool, type Pool, poolHandlers, type PoolMachines } from '#storage/pool'

// What chunks cost on their way between two machines: two processes, TLS on the loopback, real disks. Each figure of rpc
// stands beside what plain Node TLS does with the same bytes, in the same run.

const MIB = 1 << 20
const COUNT = 64
const ROUNDS = 5
const LANES = 8
const complain = (text: string) => void process.stderr.write(`${text}\n`)
const NEVER = new AbortController().signal

/** Takes bytes and forgets them: what the transfer costs without hashing and storing. */
const sink = upload({
  name: 'bench.sink',
  version: 1,
  params: shape({ bytes: integer() }),
  item: nothing,
  result: nothing,
  timeoutMs: 30_000,
})

interface Setup {
  readonly folder: string
  readonly credential: TlsCredential
}

type Told = { readonly kind: 'ports'; readonly rpc: number; readonly raw: number }

const NAMES = ['near', 'far'] as const
type Name = (typeof NAMES)[number]

const map = (replicas: number, holders: readonly Name[]): NodeMap => ({
  version: replicas * 10 + holders.length,
  cloud: 'bench',
  level: 1,
  groups: 4096,
  machines: NAMES.map(name => ({
    name,
    role: 'node',
    zone: '',
    addresses: [],
    state: 'Online',
    disks: holders.includes(name)
      ? [{ id: (name === 'near' ? '1' : '2').repeat(32), capacityMiB: 1000, quarters: 4, takes: 'groups' }]
      : [],
  })),
  pools: [{ id: 'default', policy: 'weighted', replicas, minReplicas: 1 }],
  filesystems: [],
  revoked: [],
  isShared: true,
})

interface Machine extends AsyncDisposable {
  readonly pool: Pool
  readonly handlers: readonly Handler[]
  client: Client | undefined
}

async function openMachine(own: Name, folder: string, at: NodeMap): Promise<Machine> {
  await using stack = new AsyncDisposableStack()
  machineDisk.makeFolder(folder)
  const world = { ...machineWorld, log: { info: () => undefined, warn: complain } }
  const workers = stack.use(threadWorkers(2))
  const index = sqliteIndex(`${folder}/index.sqlite`)
  const store = stack.use(await openChunkStore({ world, folder, workers, index, ballastBytes: 0 }))
  const machine: { client: Client | undefined } = { client: undefined }
  const machines: PoolMachines = {
    own,
    map: at,
    onMap: () => ({ [Symbol.dispose]: () => undefined }),
    client: () => machine.client,
    connect: async () => machine.client ?? Promise.reject(new Error('not connected')),
    states: () => [],
  }
  const pool = stack.use(openPool({ id: 'default', world, store, machines }))
  const discard = answerUpload(sink, async (_, items) => {
    for await (const { body } of items) giveBack(body)
    return message(undefined)
  })
  const all = stack.move()
  return Object.assign(machine, {
    pool,
    handlers: [...poolHandlers(() => pool), discard],
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  })
}

const common = { clock: machineWorld.clock, software: 'bench', log: { info: () => undefined, warn: complain } }
const peerOf = (name: Name) => ({ ...subjectOf({ name, isController: false }), serial: '1' })

/** The other process: a machine, and a port that counts the bytes of plain TLS. */
async function serveFar({ folder, credential }: Setup): Promise<void> {
  await using far = await openMachine('far', folder, map(2, NAMES))
  const accept = (duplex: Parameters<Parameters<typeof listenTls>[0]['accept']>[0]) => {
    const opened = openPeer(
      duplex,
      { ...common, handlers: far.handlers, peer: peerOf('near'), side: 'acceptor' },
      NEVER,
    )
    void opened.then(peer => {
      far.client = peer
    })
  }
  await using listening = await listenTls({ host: '127.0.0.1', port: 0, credential, accept })
  const { certificatePem: cert, keyPem: key, authorityPem: ca } = credential
  const raw = createServer({ cert, key, ca, minVersion: 'TLSv1.3', requestCert: true }, countAndAnswer)
  raw.listen(0, '127.0.0.1')
  await once(raw, 'listening')
  const address = raw.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  process.send?.({ kind: 'ports', rpc: listening.port, raw: address.port } satisfies Told)
  await once(process, 'disconnect')
  raw.close()
}

function countAndAnswer(socket: TLSSocket): void {
  let left = COUNT * MIB
  socket.on('data', (bytes: Buffer) => {
    left -= bytes.byteLength
    if (left === 0) socket.end('x')
  })
  socket.on('error', () => undefined)
}

async function rawTls(
  port: number,
  { certificatePem: cert, keyPem: key, authorityPem: ca }: TlsCredential,
  blocks: readonly Uint8Array[],
) {
  const socket = connect({ host: '127.0.0.1', port, cert, key, ca, checkServerIdentity: () => undefined })
  await once(socket, 'secureConnect')
  return await rate(async () => {
    for (const block of blocks) if (!socket.write(block)) await once(socket, 'drain')
    await once(socket, 'data')
    socket.destroy()
  })
}

function blocksOf(seed: number): Uint8Array[] {
  const all: Uint8Array[] = []
  for (let n = 0; n < COUNT; n++) {
    const block = new Uint8Array(new SharedArrayBuffer(MIB))
    for (let at = 0; at < MIB; at += 65_536) {
      new DataView(block.buffer).setFloat64(at, seed * 1e6 + n + at / MIB)
    }
    all.push(block)
  }
  return all
}

async function lanes(count: number, step: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const lane = async () => {
    while (next < count) await step(next++)
  }
  await Promise.all(Array.from({ length: LANES }, lane))
}

async function rate(step: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now()
  await step()
  return (COUNT * 1000) / (performance.now() - startMs)
}

async function main(): Promise<void> {
  const made = await Authority.make('bench', machineWorld.entropy.bytes(16), new Date())
  const authority = await Authority.open(made)
  const hourMs = 3_600_000
  const credential = async (name: Name): Promise<TlsCredential> => {
    const { name: commonName, groups: organizations } = subjectOf({ name, isController: false })
    const times = { notBefore: new Date(Date.now() - hourMs), notAfter: new Date(Date.now() + hourMs) }
    const fixed = { usage: 'node', dnsNames: [], addresses: [], serial: machineWorld.entropy.bytes(16) } as const
    return {
      ...(await authority.issue({ ...fixed, ...times, commonName, organizations })),
      authorityPem: made.certificatePem,
    }
  }
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-pool-bench-'))
  const child = fork(import.meta.filename, { stdio: 'inherit' })
  try {
    child.send({ folder: `${folder}/far`, credential: await credential('far') } satisfies Setup)
    const [ports] = (await once(child, 'message')) as [Told]
    await measure(ports, await credential('near'), `${folder}/near`)
  } finally {
    await ended(child)
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

async function ended(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.disconnect()
  await gone
}

async function measure(ports: Told, credential: TlsCredential, folder: string): Promise<void> {
  await using near = await openMachine('near', folder, map(2, NAMES))
  const { duplex } = await connectTls({ host: '127.0.0.1', port: ports.rpc, credential, isMeant: () => true }, NEVER)
  const peer = await openPeer(
    duplex,
    { ...common, handlers: near.handlers, peer: peerOf('far'), side: 'dialler' },
    NEVER,
  )
  near.client = peer
  const blocks = blocksOf(0)
  const send = (index: number) => peer.upload(sink, { params: { bytes: MIB }, items: one(blocks[index]) }, NEVER)
  const rows = new Rows(() => rawTls(ports.raw, credential, blocks))
  for (let round = 0; round < ROUNDS; round++) {
    await rows.add('rpc: chunks that are forgotten', () => rate(() => lanes(COUNT, send)))
    const digests: Digest[] = []
    const fresh = blocksOf(1 + round)
    const put = async (index: number) => digests.push(await near.pool.put(fresh[index] ?? new Uint8Array()))
    await rows.add('pool: put and sync, 2 copies', () =>
      rate(async () => {
        await lanes(COUNT, put)
        await near.pool.sync()
      }),
    )
    await near.pool.store.delete(digests)
    const into = new Uint8Array(new SharedArrayBuffer(MIB))
    const read = async (index: number) => near.pool.read(digests[index] ?? digestOf(into), into, 0)
    await rows.add('pool: read from the other machine', () => rate(() => lanes(COUNT, read)))
  }
  rows.print()
  await peer[Symbol.asyncDispose]()
}

/** Figures of several rounds, each beside what plain TLS did just before: other work of the machine slows both. */
class Rows {
  readonly #plain: () => Promise<number>
  readonly #rows = new Map<string, { readonly own: number; readonly plain: number }[]>()

  constructor(plain: () => Promise<number>) {
    this.#plain = plain
  }

  async add(name: string, measure: () => Promise<number>): Promise<void> {
    const plain = await this.#plain()
    const own = await measure()
    this.#rows.set(name, [...(this.#rows.get(name) ?? []), { own, plain }])
  }

  print(): void {
    print('plain Node TLS', middle([...this.#rows.values()].flat().map(({ plain }) => plain)))
    for (const [name, rounds] of this.#rows) {
      const share = middle(rounds.map(({ own, plain }) => own / plain))
      print(name, middle(rounds.map(({ own }) => own)), `  ${share.toFixed(2)} x plain TLS`)
    }
  }
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

async function* one(bytes: Uint8Array | undefined) {
  if (bytes !== undefined) yield message(undefined, bytes)
}

function print(what: string, value: number, more = ''): void {
  process.stdout.write(`${what.padEnd(40)} ${value.toFixed(0).padStart(6)} MiB/s${more}\n`)
}

if (process.send === undefined) await main()
else {
  const [setup] = (await once(process, 'message')) as [Setup]
  await serveFar(setup)
}
