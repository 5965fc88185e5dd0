import { fork } from 'node:child_process'
import { describeCloudFailure, simulateCloud } from './cloud/simulation.ts'
import { describeLogFailure, simulateLog } from './log/simulation.ts'
import type { RunOptions } from './options.ts'
import { describePoolFailure, simulatePool } from './pool/simulation.ts'

/** Runs clouds, in processes of their own when they are many; answers how many have failed. */
export async function runClouds(options: Pick<RunOptions, 'from' | 'count' | 'jobs' | 'trace'>): Promise<number> {
  const { from, count, jobs, trace } = options
  if (count <= BATCH) return runHere({ from, count, trace })
  const batches = { next: from, end: from + count }
  const failed = await Promise.all(Array.from({ length: jobs }, () => runBatches(batches)))
  return failed.reduce((sum, each) => sum + each, 0)
}

async function runBatches(batches: { next: number; end: number }): Promise<number> {
  let failed = 0
  while (batches.next < batches.end) {
    const from = batches.next
    batches.next += BATCH
    failed += await runThere(from, Math.min(BATCH, batches.end - from))
  }
  return failed
}

// What has ended in a simulated process waits for ever, and is only gone with the real one.
function runThere(from: number, count: number): Promise<number> {
  const child = fork(import.meta.filename, [String(from), String(count)])
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => reject(new Error(`clouds from ${from} on ended with ${code}`)))
    child.once('message', failed => resolve(Number(failed)))
  })
}

async function runHere({ from, count, trace }: Pick<RunOptions, 'from' | 'count' | 'trace'>): Promise<number> {
  let failed = 0
  for (let seed = from; seed < from + count; seed++) if (await fails(seed, trace)) failed += 1
  return failed
}

async function fails(seed: number, trace: boolean): Promise<boolean> {
  const log = await simulateLog(seed, undefined, trace)
  const pool = await simulatePool(seed, undefined, trace)
  const cloud = await simulateCloud(seed, undefined, trace)
  if (log.violation !== undefined) console.error(describeLogFailure(log))
  if (pool.violation !== undefined) console.error(describePoolFailure(pool))
  if (cloud.violation !== undefined) console.error(describeCloudFailure(cloud))
  return [log, pool, cloud].some(({ violation }) => violation !== undefined)
}

/** Seeds of one process. */
const BATCH = 20

if (process.send !== undefined && process.argv[1] === import.meta.filename) {
  const [from, count] = process.argv.slice(2).map(Number)
  process.send(await runHere({ from: from ?? 1, count: count ?? 1, trace: false }))
  process.disconnect()
}
