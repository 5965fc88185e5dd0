import { BlackHoleBlockstore } from 'blockstore-core/black-hole'
import { type ImportCandidate, type ImportResult, importer } from 'ipfs-unixfs-importer'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { byteStringOfText, byteString } from '#base'
import { cidText, type Dag, fileDag, symlinkDag } from './cid.ts'
import { type DagEntry, directoryDag } from './directory.ts'
import { memoryStore, sealAll } from './memory-chunks.ts'
import { treeShape } from './shape.ts'

const LIMIT = 256 * 1024
const { store, chunks } = memoryStore(treeShape())

async function fileOf(content: Uint8Array): Promise<Dag> {
  return fileDag(store.shape, await sealAll(store, content, leaf => chunks.add(leaf)))
}

/** What the importer makes of a directory called `d`: of its files, links and empty directories. */
async function judge(candidates: ImportCandidate[]): Promise<ImportResult> {
  let root: ImportResult | undefined
  for await (const result of importer(candidates, new BlackHoleBlockstore(), { profile: 'unixfs-v1-2025' })) {
    if (result.path === 'd') root = result
  }
  assert.ok(root)
  return root
}

function made(entries: DagEntry[]): Dag {
  const answer = directoryDag(entries)
  assert.ok(answer.ok)
  return answer.dag
}

function same(dag: Dag, expected: ImportResult): void {
  assert.equal(cidText(dag), expected.cid.toString())
  assert.equal(dag.dagBytes, Number(expected.size))
}

const entry = (name: string, dag: Dag): DagEntry => ({ name: byteStringOfText(name), dag })

test('a directory of files, links and directories has the CID that the importer gives it', async () => {
  const text = Buffer.from('hello')
  const big = Buffer.alloc(3 * 2 ** 20 + 1, 7)
  const candidates = [
    { path: 'd/b.txt', content: text },
    { path: 'd/a', content: Buffer.alloc(0) },
    { path: 'd/.hidden', content: text },
    { path: 'd/ünïcödé 文', content: text },
    { path: 'd/big', content: big },
    { path: 'd/link', link: '../else where/ü' },
    { path: 'd/sub/x', content: text },
    { path: 'd/empty' },
  ]
  const sub = made([entry('x', await fileOf(text))])
  const dag = made([
    entry('sub', sub),
    entry('big', await fileOf(big)),
    entry('empty', made([])),
    entry('link', symlinkDag(byteStringOfText('../else where/ü'))),
    entry('b.txt', await fileOf(text)),
    entry('a', await fileOf(Buffer.alloc(0))),
    entry('.hidden', await fileOf(text)),
    entry('ünïcödé 文', await fileOf(text)),
  ])
  same(dag, await judge(candidates))
})

test('an empty directory and a symlink have their well-known CIDs', () => {
  assert.equal(cidText(made([])), 'bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354')
  assert.equal(symlinkDag('a').dagBytes, 7)
})

test('a directory is sharded when its block would pass 256 KiB, and not before', async () => {
  const dag = await fileOf(Buffer.from('x'))
  // A link to a one-byte file: 3 bytes of header, 38 of hash, 3 + name, 2 of size; the data field has 4.
  const count = Math.floor((LIMIT - 4) / (46 + 212))
  const rest = LIMIT - 4 - count * (46 + 212)
  const names = Array.from({ length: count }, (_, i) => `${i}`.padEnd(212, 'n'))
  for (const extra of [rest, rest + 1]) {
    const all = names.with(-1, names.at(-1)!.padEnd(212 + extra, 'z'))
    const root = made(all.map(name => entry(name, dag)))
    same(root, await judge(all.map(name => ({ path: `d/${name}`, content: Buffer.from('x') }))))
    assert.equal(root.dagBytes - count === LIMIT, extra === rest, 'only the longer one is sharded')
  }
})

test('sharded directories of many names have the CID that the importer gives them', async () => {
  const dag = await fileOf(Buffer.from('x'))
  const names = Array.from({ length: 6000 }, (_, i) => `${'é'.repeat(i % 40)}name ${i * 7919}`)
  const candidates = names.map(name => ({ path: `d/${name}`, content: Buffer.from('x') }))
  same(made(names.map(name => entry(name, dag))), await judge(candidates))
})

test('a name that is not UTF-8 leaves the directory without a CID, and says so', async () => {
  const dag = await fileOf(Buffer.from('x'))
  const answer = directoryDag([{ name: byteString(Buffer.from([0x61, 0xff])), dag }])
  assert.ok(!answer.ok)
  assert.equal(answer.reason, 'NameNotUtf8')
})
