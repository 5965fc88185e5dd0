import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { Filesystem } from '../filesystem.ts'
import { ROOT_INO } from '../inode.ts'
import { makeNode, ok, readAll, testFilesystem, type TestFilesystem, writeAll } from '../testing/memory-filesystem.ts'
import type { Cookie, DirectoryEntry, Ino } from '../vfs.ts'
import { snapshotCid } from './snapshots.ts'

const SIGNAL = new AbortController().signal

/** Numbers that look random and are the same in every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Paths of all files below a directory, with their numbers. */
async function walk(fs: Filesystem, ino: Ino, path = ''): Promise<Map<string, Ino>> {
  const entries: DirectoryEntry[] = []
  await ok(fs.vfs.list(ino, 0 as Cookie, { attributes: false, take: entry => entries.push(entry) > 0 }))
  const found = new Map<string, Ino>()
  for (const { name, kind } of entries.slice(2)) {
    const node = await ok(fs.vfs.lookup(ino, name))
    if (kind !== 'directory') found.set(`${path}/${name}`, node.ino)
    else for (const [below, number] of await walk(fs, node.ino, `${path}/${name}`)) found.set(below, number)
  }
  return found
}

async function snapshotRoot(fs: Filesystem, name: string): Promise<Ino> {
  const snapshots = await ok(fs.vfs.lookup(ROOT_INO, '.snapshots'))
  return (await ok(fs.vfs.lookup(snapshots.ino, name))).ino
}

/** Chunks are stored later, so that other things happen meanwhile. */
function takeTime({ chunks }: TestFilesystem): void {
  const put = chunks.put.bind(chunks)
  chunks.put = async bytes => {
    const copy = Buffer.from(bytes)
    for (let turn = 0; turn < 3; turn++) await setImmediate()
    return put(copy)
  }
  chunks.sync = () => setImmediate()
}

/** The same filesystem's manifest made at once, with nothing known of it. */
async function wholeCid(test: TestFilesystem): Promise<string> {
  for (const prefix of ['m', 'y', 'T']) {
    test.keyspace.commit({ then: [{ kind: 'delete', keys: { kind: 'prefix', prefix } }] })
  }
  await test.killAndReopen()
  return snapshotCid(await test.fs.snapshots.create('whole', SIGNAL))
}

test('a file that got a second name after a snapshot is new under both in the next one', async () => {
  await using test = await testFilesystem(4096)
  const { fs } = test
  const [first, second] = [
    await makeNode(fs, 'first', { kind: 'directory' }),
    await makeNode(fs, 'second', { kind: 'directory' }),
  ]
  const file = await makeNode(fs, 'file', { parent: first.ino })
  await writeAll(fs, file.ino, 0, Buffer.from('old'))
  await fs.snapshots.create('before', SIGNAL)
  await ok(fs.vfs.link(file.ino, second.ino, 'again'))
  await writeAll(fs, file.ino, 0, Buffer.from('new'))
  await ok(fs.vfs.sync(file.ino, 'all'))
  await fs.snapshots.create('after', SIGNAL)
  const root = await snapshotRoot(fs, 'after')
  for (const [parent, name] of [
    ['first', 'file'],
    ['second', 'again'],
  ] as const) {
    // Both names have one number in a snapshot: what is known by it is what was looked up last.
    const { ino, nlink } = await ok(fs.vfs.lookup((await ok(fs.vfs.lookup(root, parent))).ino, name))
    assert.equal((await readAll(fs, ino)).toString(), 'new', name)
    assert.equal(nlink, 2, name)
  }
})

test('a snapshot shows one moment while files move, come, go and are written', async () => {
  await using test = await testFilesystem(4096)
  const { fs } = test
  takeTime(test)
  const below = numbers(7)
  const directories: Ino[] = []
  for (let i = 0; i < 4; i++) {
    const parent = directories.at(-1) ?? ROOT_INO
    directories.push((await makeNode(fs, `dir-${i}`, { kind: 'directory', parent: i === 3 ? ROOT_INO : parent })).ino)
  }
  const at: Ino[] = []
  for (let i = 0; i < 900; i++) {
    at.push(directories[i % 3]!)
    await makeNode(fs, `moving-${i}`, { parent: at[i]! })
  }
  const written = await makeNode(fs, 'written')
  await makeNode(fs, 'turn-0')
  let isDone = false
  const change = async (): Promise<void> => {
    for (let turn = 1; !isDone; turn++) {
      const i = below(at.length)
      const to = directories[below(4)]!
      const name = `moving-${i}`
      if (to !== at[i]) await ok(fs.vfs.rename({ parent: at[i]!, name }, { parent: to, name }, 'noReplace'))
      at[i] = to
      // A write waits in the client, a rename is at the home at once: no moment shows the second alone.
      await writeAll(fs, written.ino, 0, Buffer.from(String(turn).padStart(9, '0')))
      const [before, after] = [`turn-${turn - 1}`, `turn-${turn}`]
      await ok(fs.vfs.rename({ parent: ROOT_INO, name: before }, { parent: ROOT_INO, name: after }, 'noReplace'))
      if (turn % 50 === 0) {
        const made = await makeNode(fs, `new-${turn}`, { kind: 'directory', parent: directories[below(4)]! })
        await makeNode(fs, `file-${turn}`, { parent: made.ino })
      }
      await setImmediate()
    }
  }
  const changing = change()
  for (let round = 0; round < 6; round++) await fs.snapshots.create(`round-${round}`, SIGNAL)
  isDone = true
  await changing
  const last = await fs.snapshots.create('last', SIGNAL)
  for (const name of ['round-0', 'round-3', 'round-5', 'last']) {
    const found = await walk(fs, await snapshotRoot(fs, name))
    const moving = [...found.keys()].flatMap(path => /moving-.*/.exec(path)?.[0] ?? [])
    assert.equal(moving.length, 900, name)
    assert.equal(new Set(moving).size, 900, name)
    const turn = Number([...found.keys()].find(path => path.startsWith('/turn-'))?.slice(6))
    const content = Number(await readAll(fs, found.get('/written')!))
    assert.ok(content === turn || content === turn + 1, `${name}: content of turn ${content} in turn ${turn}`)
  }
  assert.equal(await wholeCid(test), snapshotCid(last))
})

test('steps of any kind between snapshots leave the manifest that one made at once has', async () => {
  await using test = await testFilesystem(4096)
  const { fs } = test
  const below = numbers(99)
  const directories: Ino[] = [ROOT_INO]
  const files: { parent: Ino; name: string; ino: Ino }[] = []
  for (let step = 0; step < 1500; step++) {
    const parent = directories[below(directories.length)]!
    const file = files.length === 0 ? undefined : files[below(files.length)]
    const kind = below(10)
    if (kind === 0) directories.push((await makeNode(fs, `d${step}`, { kind: 'directory', parent })).ino)
    else if (kind < 5 || file === undefined) {
      files.push({ parent, name: `f${step}`, ino: (await makeNode(fs, `f${step}`, { parent })).ino })
    } else if (kind === 5) {
      await ok(fs.vfs.rename(file, { parent, name: file.name }, 'replace'))
      file.parent = parent
    } else if (kind === 6) {
      await ok(fs.vfs.remove(file.parent, file.name, 'file'))
      files.splice(files.indexOf(file), 1)
    } else if (kind === 7) {
      await ok(fs.vfs.link(file.ino, parent, `l${step}`))
      files.push({ parent, name: `l${step}`, ino: file.ino })
    } else if (kind === 8) await writeAll(fs, file.ino, below(10_000), Buffer.alloc(below(5000) + 1, step))
    else await ok(fs.vfs.setXattr(file.ino, 'user.step', Buffer.from(String(step)), 'set'))
    if (step % 200 === 199) await fs.snapshots.create(`at-${step}`, SIGNAL)
    if (step === 700) await test.fs.sync()
  }
  const last = await fs.snapshots.create('last', SIGNAL)
  assert.equal(await wholeCid(test), snapshotCid(last))
})
