import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { byteStringOfText, isFault, type World } from '#base'
import { machineWorld } from '#host'
import { backupOf, type Keyspace } from '#keyspace'
import { openDataFolder } from '../data-folder.ts'
import { openAnyKeyspace, openControlKeyspace } from './open.ts'
import { restoreStaged } from './restoring.ts'
import { newToken, stageBackup, stagedIn } from './staged.ts'

const never = new AbortController().signal
const world: World = { ...machineWorld, log: { info: () => undefined, warn: () => undefined } }

/** What a process is told that restores and is killed at a step: its data folder, and which step. */
const RESTORING = 'CAIRN_TEST_RESTORING'

interface Restoring {
  readonly dataFolder: string
  readonly killAt: number
}

/** Restores what waits, and kills this process before its step `killAt`: a transaction or sync of the keyspace, or the end of the file that waits. */
async function restoreAndDie({ dataFolder, killAt }: Restoring): Promise<void> {
  let steps = 0
  const step = (): void => {
    steps += 1
    if (steps === killAt) process.kill(process.pid, 'SIGKILL')
  }
  const probe = await open(dataFolder)
  const kind: Keyspace = Object.getPrototypeOf(probe)
  await probe[Symbol.asyncDispose]()
  const { txn, sync } = kind
  kind.txn = async function counted(...args) {
    step()
    return await txn.apply(this, args)
  }
  kind.sync = async function counted(...args) {
    step()
    await sync.apply(this, args)
  }
  const { rmSync } = fs
  fs.rmSync = (...args) => {
    if (String(args[0]).includes('restore-')) step()
    rmSync(...args)
  }
  await restoreStaged({ world, dataFolder }, never)
}

function open(dataFolder: string): Promise<Keyspace> {
  return openAnyKeyspace({ kind: 'embedded' }, { world, dataFolder }, never)
}

async function put(keyspace: Keyspace, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const key = byteStringOfText(name)
    await keyspace.sync(
      (await keyspace.txn({ then: [{ kind: 'put', key, value: Buffer.from(name) }] }, never)).revision,
      never,
    )
  }
}

async function keysOf(keyspace: Keyspace): Promise<readonly string[]> {
  const keys = { kind: 'prefix', prefix: byteStringOfText('/row/') } as const
  return (await keyspace.range({ keys, want: 'keys' }, never)).entries.map(({ key }) => key)
}

async function* bytesOfBackup(keyspace: Keyspace) {
  for await (const { bytes } of backupOf(keyspace, never)) yield bytes
}

async function runRestoring(restoring: Restoring): Promise<string> {
  const env = { ...process.env, [RESTORING]: JSON.stringify(restoring), NODE_TEST_CONTEXT: undefined }
  const child = spawn(process.execPath, [import.meta.filename], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  const [code, signal] = await once(child, 'exit')
  return String(signal ?? code)
}

const given = process.env[RESTORING]
if (given !== undefined) await restoreAndDie(JSON.parse(given) as Restoring)
else {
  test('a restore that is killed at any step is gone on with, and nobody takes half of it for everything', async () => {
    const dataFolder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-killed-restore-'))
    using cleaning = new DisposableStack()
    cleaning.defer(() => fs.rmSync(dataFolder, { recursive: true }))
    await openDataFolder(dataFolder)
    const saved = Array.from({ length: 300 }, (_, at) => `/row/${String(at).padStart(4, '0')}`)
    {
      await using keyspace = await open(dataFolder)
      await put(keyspace, saved)
      await stageBackup({ dataFolder, token: newToken(world), pieces: bytesOfBackup(keyspace) }, world, never)
      await put(keyspace, ['/row/later'])
    }
    const outcomes: string[] = []
    for (let killAt = 1; (outcomes.at(-1) ?? 'SIGKILL') === 'SIGKILL'; killAt += 1) {
      outcomes.push(await runRestoring({ dataFolder, killAt }))
      const keyspace = await openControlKeyspace({ kind: 'embedded' }, { world, dataFolder }, never).catch(
        (error: unknown) => {
          assert.ok(isFault(error, 'Unfinished'), String(error))
          assert.ok(stagedIn(dataFolder) !== undefined)
        },
      )
      if (keyspace === undefined) continue
      const keys = await keysOf(keyspace)
      await keyspace[Symbol.asyncDispose]()
      // What a server writes once it is whole again is not lost when the file that waits was still there.
      assert.deepEqual(keys, keys.includes('/row/later') ? [...saved, '/row/later'] : saved)
      if (keys.includes('/row/later')) assert.ok(stagedIn(dataFolder) !== undefined)
    }
    assert.ok(outcomes.length > 6, outcomes.join())
    assert.equal(stagedIn(dataFolder), undefined)
    await using keyspace = await openControlKeyspace({ kind: 'embedded' }, { world, dataFolder }, never)
    assert.deepEqual(await keysOf(keyspace), saved)
  })

  test('a backup that was damaged while it waited is given up, and everything is as it was', async () => {
    const dataFolder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-killed-restore-'))
    using cleaning = new DisposableStack()
    cleaning.defer(() => fs.rmSync(dataFolder, { recursive: true }))
    await openDataFolder(dataFolder)
    await using keyspace = await open(dataFolder)
    await put(keyspace, ['/row/a', '/row/b'])
    const token = newToken(world)
    const count = await stageBackup({ dataFolder, token, pieces: bytesOfBackup(keyspace) }, world, never)
    assert.equal(count, 2)
    const { file } = stagedIn(dataFolder) ?? assert.fail('it waits')
    const bytes = fs.readFileSync(file)
    bytes[bytes.byteLength >> 1]! ^= 1
    fs.writeFileSync(file, bytes)
    await put(keyspace, ['/row/c'])
    await keyspace[Symbol.asyncDispose]()
    await restoreStaged({ world, dataFolder }, never)
    assert.equal(stagedIn(dataFolder), undefined)
    await using after = await openControlKeyspace({ kind: 'embedded' }, { world, dataFolder }, never)
    assert.deepEqual(await keysOf(after), ['/row/a', '/row/b', '/row/c'])
    async function* cut() {
      yield bytes.subarray(0, 50)
    }
    await assert.rejects(stageBackup({ dataFolder, token, pieces: cut() }, world, never), /damaged/)
    assert.equal(stagedIn(dataFolder), undefined)
  })
}
