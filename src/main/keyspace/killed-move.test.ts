import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { suite, test } from 'node:test'
import { byteStringOfText, isFault, type World } from '#base'
import { machineWorld } from '#host'
import type { Keyspace } from '#keyspace'
import { startEtcd, whyNoEtcd } from '../../../test/etcd/server.ts'
import { choiceOf, type KeyspaceChoice, readChoice } from './choice.ts'
import { gated } from './gate.ts'
import { moveTo } from './move.ts'
import { openAnyKeyspace, openControlKeyspace } from './open.ts'

/** Every so many steps of some forty it is killed. */
const STEP = 4
/** Killed behind the step from which on the other place counts. */
const RENAMED = -1

const never = new AbortController().signal
const world: World = { ...machineWorld, log: { info: () => undefined, warn: () => undefined } }

/** What a process is told that moves a keyspace and is killed at a step: its data folder, where to, and which step. */
const MOVING = 'CAIRN_TEST_MOVING'

interface Moving {
  readonly dataFolder: string
  readonly endpoint: string
  readonly prefix: string
  readonly killAt: number
}

function targetOf({ endpoint, prefix }: Pick<Moving, 'endpoint' | 'prefix'>): KeyspaceChoice {
  return choiceOf({ address: `etcd=${endpoint}`, prefix })
}

function ackedFile(dataFolder: string): string {
  return path.join(dataFolder, 'acknowledged')
}

/** Moves while somebody writes, and kills this process before its step `killAt`: a call of either keyspace, or of rename(2). */
async function moveAndDie(moving: Moving): Promise<void> {
  const { dataFolder, killAt } = moving
  let steps = 0
  const step = (): void => {
    steps += 1
    if (steps === killAt) process.kill(process.pid, 'SIGKILL')
  }
  const target = targetOf(moving)
  const probe = await openAnyKeyspace(target, { world, dataFolder }, never)
  counting(Object.getPrototypeOf(probe), step)
  await probe[Symbol.asyncDispose]()
  const rename = fs.renameSync
  fs.renameSync = (...args) => {
    step()
    rename(...args)
    if (killAt === RENAMED) process.kill(process.pid, 'SIGKILL')
  }
  await using source = await openControlKeyspace(readChoice(dataFolder), { world, dataFolder }, never)
  counting(source, step)
  const gate = gated(source)
  const over = new AbortController()
  const written = write(gate.keyspace, dataFolder, over.signal)
  const home = { world, dataFolder }
  await moveTo(target, { home, gate, isForced: true, server: undefined, tell: () => undefined }, never)
  over.abort()
  await written
}

function counting(keyspace: Keyspace, step: () => void): void {
  const { txn, range } = keyspace
  keyspace.txn = async function counted(...args) {
    step()
    return txn.apply(this, args)
  }
  keyspace.range = async function counted(...args) {
    step()
    return range.apply(this, args)
  }
}

// What is noted in the file was acknowledged.
async function write(keyspace: Keyspace, dataFolder: string, signal: AbortSignal): Promise<void> {
  for (let i = 0; !signal.aborted; i++) {
    const key = `/row/${process.pid}-${i}`
    try {
      const value = Buffer.from(key)
      const { revision } = await keyspace.txn({ then: [{ kind: 'put', key: byteStringOfText(key), value }] }, never)
      await keyspace.sync(revision, never)
    } catch (error) {
      if (!isFault(error)) throw error
      return
    }
    fs.appendFileSync(ackedFile(dataFolder), `${key}\n`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

/** Runs the other half of this file; answers how it ended. */
async function runMoving(moving: Moving): Promise<string> {
  const env = { ...process.env, [MOVING]: JSON.stringify(moving), NODE_TEST_CONTEXT: undefined }
  const child = spawn(process.execPath, [import.meta.filename], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  const [code, signal] = await once(child, 'exit')
  return String(signal ?? code)
}

async function rowsOf(dataFolder: string): Promise<ReadonlySet<string>> {
  await using keyspace = await openControlKeyspace(readChoice(dataFolder), { world, dataFolder }, never)
  const keys = { kind: 'prefix', prefix: byteStringOfText('/row/') } as const
  return new Set((await keyspace.range({ keys }, never)).entries.map(({ key }) => key))
}

const given = process.env[MOVING]
if (given !== undefined) await moveAndDie(JSON.parse(given) as Moving)
else {
  suite('a move to etcd that is killed', { skip: whyNoEtcd(), timeout: 170_000 }, () => {
    test('leaves everything in one place at every step, and goes on from there', async () => {
      await using etcd = await startEtcd({ durable: true })
      const home = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-killed-move-'))
      using cleaning = new DisposableStack()
      cleaning.defer(() => fs.rmSync(home, { recursive: true }))
      const move = async (name: string, killAt: number): Promise<string> => {
        const dataFolder = path.join(home, name)
        fs.mkdirSync(dataFolder, { recursive: true })
        const how = await runMoving({ dataFolder, endpoint: etcd.url.origin, prefix: `/${name}/`, killAt })
        const { kind } = readChoice(dataFolder)
        const rows = await rowsOf(dataFolder)
        const acked = fs.existsSync(ackedFile(dataFolder)) ? fs.readFileSync(ackedFile(dataFolder), 'utf8') : ''
        for (const key of acked.split('\n').filter(Boolean))
          assert.ok(rows.has(key), `${key} at step ${killAt}: ${kind}`)
        return `${how} ${kind}`
      }
      // Each goes on with what the one before has left; how much is written meanwhile says at which step the last one is.
      const outcomes: string[] = []
      for (let killAt = 2; (outcomes.at(-1) ?? 'SIGKILL embedded') === 'SIGKILL embedded'; killAt += STEP) {
        outcomes.push(await move('one', killAt))
      }
      assert.ok(outcomes.length > 4, outcomes.join())
      assert.match(outcomes.at(-1) ?? '', /^(0|SIGKILL) etcd$/)
      assert.equal(await move('two', RENAMED), 'SIGKILL etcd')
    })
  })
}
