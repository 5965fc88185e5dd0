import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { measureBlocks } from './blocks/measure.ts'
import { describeMachine } from '../report/machine.ts'
import { ApiClient } from './client.ts'
import { startCloud, writtenBytes } from './cloud.ts'
import { manyObjects, memory, watchLatency } from './objects.ts'
import { controlPage } from './page.ts'
import { type ControlRow, tableOf } from './rows.ts'

/** Measures the control plane: start, objects, watches, memory, and what it writes when nothing happens. */
export async function runControl(words: readonly string[], folder: string, signal: AbortSignal): Promise<void> {
  const home = mkdtempSync(join(folder, 'cairn-bench-control-'))
  try {
    const count = words.includes('--quick') ? 500 : 10_000
    const wanted = words[words.indexOf('blocks') + 1]
    const rows = words.includes('blocks')
      ? await measureBlocks(home, { count, wanted: wanted?.startsWith('-') === true ? undefined : wanted }, signal)
      : await measure(home, count, signal)
    console.log(words.includes('json') ? JSON.stringify(rows, undefined, 2) : tableOf(rows))
    const page = words.indexOf('--markdown') + 1
    if (page === 0) return
    const command = ['npm run bench -- control', ...words].join(' ')
    writeFileSync(words[page] ?? '', controlPage(rows, describeMachine(folder), command))
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

async function measure(home: string, count: number, signal: AbortSignal): Promise<readonly ControlRow[]> {
  const rows: ControlRow[] = []
  {
    await using first = await startCloud(home, signal)
    rows.push({
      id: 'first-start',
      title: 'first start, keys made',
      unit: 's',
      value: first.startMs / 1000,
      goal: undefined,
    })
  }
  await using cloud = await startCloud(home, signal)
  rows.push({ id: 'start', title: 'exec to ready', unit: 's', value: cloud.startMs / 1000, goal: 2 })
  await delay(20_000, undefined, { signal })
  rows.push(memory('idle', 'memory idle, 20 s after the start (PSS of all processes)', cloud.pids(), 200))
  await untilSettled(home, cloud.pids, signal)
  rows.push(await idleWrites(cloud.pids, signal))
  using client = new ApiClient(cloud.kubeconfig)
  rows.push(...(await manyObjects(client, count, signal)))
  await delay(20_000, undefined, { signal })
  rows.push(memory('loaded', `memory with ${count} pods, 20 s later (PSS)`, cloud.pids(), 200))
  rows.push(...(await watchLatency(client, cloud.kubeconfig, signal)))
  await delay(20_000, undefined, { signal })
  rows.push(memory('written', 'memory after those writes, 20 s later (PSS)', cloud.pids(), 200))
  return rows
}

// A new data folder gets its ballast in the first minutes, once; when it is there and twenty seconds are quiet, it has.
async function untilSettled(home: string, pids: () => readonly number[], signal: AbortSignal): Promise<void> {
  const ballast = join(home, 'data', 'chunks', 'ballast')
  const deadline = performance.now() + 300_000
  const hasBallast = () => (statSync(ballast, { throwIfNoEntry: false })?.size ?? 0) > 0
  for (let before = -1; performance.now() < deadline; ) {
    const written = writtenBytes(pids())
    if (hasBallast() && written === before) return
    before = written
    await delay(20_000, undefined, { signal })
  }
}

async function idleWrites(pids: () => readonly number[], signal: AbortSignal): Promise<ControlRow> {
  const before = writtenBytes(pids())
  await delay(60_000, undefined, { signal })
  const value = (writtenBytes(pids()) - before) / 1e6
  return { id: 'idle-writes', title: 'written while nothing happens, ballast aside', unit: 'MB/min', value, goal: 1 }
}
