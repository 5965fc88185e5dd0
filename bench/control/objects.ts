import { setTimeout as delay } from 'node:timers/promises'
import { pssBytes } from '../targets/processes.ts'
import { type ApiClient } from './client.ts'
import type { ControlRow } from './rows.ts'
import { nowMs, watchElsewhere } from './seen.ts'

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io'
const PODS = '/api/v1/namespaces/default/pods'
const MAPS = '/api/v1/namespaces/default/configmaps'
const WRITERS = 16
const ROUNDS = 3
const WRITES_MAX = 256

/** Makes many pods, then lists them in each form. */
export async function manyObjects(client: ApiClient, count: number, signal: AbortSignal): Promise<ControlRow[]> {
  const createS = await seconds(() =>
    inTurns(count, number => client.call('POST', PODS, { body: pod(number) }), signal),
  )
  await client.call('GET', `${PODS}?limit=1`)
  const json = await best(() => client.call('GET', PODS))
  const table = await best(() => client.call('GET', PODS, { accept: TABLE }))
  const id = `${count}-pods`
  return [
    {
      id: `${id}-create`,
      title: `create ${count} pods, ${WRITERS} at once`,
      unit: '/s',
      value: count / createS,
      goal: undefined,
    },
    {
      id: `${id}-list`,
      title: `list ${count} pods (JSON)`,
      unit: 's',
      value: json,
      goal: count === 10_000 ? 1 : undefined,
    },
    {
      id: `${id}-table`,
      title: `list ${count} pods (Table)`,
      unit: 's',
      value: table,
      goal: count === 10_000 ? 1 : undefined,
    },
  ]
}

/** Writes at a steady rate and looks how long each takes to come out of a watch in another process; medians of ROUNDS runs. */
export async function watchLatency(client: ApiClient, kubeconfig: string, signal: AbortSignal): Promise<ControlRow[]> {
  const rounds: Round[] = []
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push(await latencyRound(client, kubeconfig, signal))
    await client.call('DELETE', MAPS)
  }
  const median = (of: (round: Round) => number) => rounds.map(of).sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0
  const runs = rounds.map(each => each.p99Ms.toFixed(0)).join(', ')
  return [
    {
      id: 'writes',
      title: 'writes/s while watched (1,000 wanted)',
      unit: '/s',
      value: median(each => each.rate),
      goal: 990,
    },
    {
      id: 'watch-p99',
      title: `watch latency at that, p99 (runs: ${runs})`,
      unit: 'ms',
      value: median(each => each.p99Ms),
      goal: 50,
    },
  ]
}

interface Round {
  readonly rate: number
  readonly p99Ms: number
}

async function latencyRound(client: ApiClient, kubeconfig: string, signal: AbortSignal): Promise<Round> {
  const [rate, totalS] = [1000, 5]
  const sentMs = new Map<string, number>()
  const tookMs: number[] = []
  await using _watch = await watchElsewhere(kubeconfig, MAPS, seen => {
    for (const [name, atMs] of seen) {
      const sent = sentMs.get(name)
      if (sent !== undefined) tookMs.push(atMs - sent)
    }
  })
  const startMs = performance.now()
  const writes = new Set<Promise<unknown>>()
  for (let number = 0; number < rate * totalS; number++) {
    const dueMs = startMs + (number * 1000) / rate
    const aheadMs = dueMs - performance.now()
    if (aheadMs > 0) await delay(aheadMs, undefined, { signal })
    const name = `w-${number}`
    sentMs.set(name, nowMs())
    const write = client.call('POST', MAPS, { body: JSON.stringify({ metadata: { name }, data: { number: name } }) })
    writes.add(write)
    void write.then(() => writes.delete(write))
    // A server that is slower than the rate is seen as such, and not refused by its limit for one client.
    if (writes.size >= WRITES_MAX) await Promise.race(writes)
  }
  await Promise.all(writes)
  const doneS = (performance.now() - startMs) / 1000
  while (tookMs.length < rate * totalS) await delay(10, undefined, { signal })
  const sorted = tookMs.sort((a, b) => a - b)
  return { rate: (rate * totalS) / doneS, p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0 }
}

/** Memory of all processes, PSS. */
export function memory(id: string, title: string, pids: readonly number[], goal: number): ControlRow {
  return { id, title, unit: 'MB', value: pssBytes(pids) / 1e6, goal }
}

async function seconds(run: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now()
  await run()
  return (performance.now() - startMs) / 1000
}

async function best(run: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < 3; round++) times.push(await seconds(run))
  return times.sort((a, b) => a - b)[1] ?? 0
}

/** Runs something so many times, WRITERS at once. */
export async function inTurns(
  count: number,
  run: (number: number) => Promise<unknown>,
  signal: AbortSignal,
): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) {
      signal.throwIfAborted()
      await run(next++)
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, worker))
}

/** A pod as people write them. */
export function pod(number: number): string {
  const container = {
    name: 'web',
    image: 'registry.example/web:1',
    ports: [{ containerPort: 8080 }],
    env: [{ name: 'NUMBER', value: String(number) }],
    resources: { requests: { cpu: '100m', memory: '64Mi' } },
    volumeMounts: [{ name: 'config', mountPath: '/config' }],
  }
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `pod-${number}`, labels: { app: 'web', shard: String(number % 100) } },
    spec: { containers: [container], volumes: [{ name: 'config', configMap: { name: 'web' } }] },
  })
}
