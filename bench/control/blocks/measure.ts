import { setTimeout as delay } from 'node:timers/promises'
import { ApiClient } from '../client.ts'
import { startCloud } from '../cloud.ts'
import type { ControlRow } from '../rows.ts'
import { longestBlocks, meterEnv } from './meter-of.ts'
import { SCENES } from './scenes.ts'

/** Milliseconds that a turn may take: "a few". */
const GOAL_MS = 10

/**
 * Measures how long the event loop of the control process stands still at most, in work on so many objects. What V8 collects meanwhile
 * is a row of its own: it depends on all that lives, and no step of ours is short enough to shorten it.
 */
export async function measureBlocks(
  folder: string,
  { count, wanted }: { readonly count: number; readonly wanted: string | undefined },
  signal: AbortSignal,
): Promise<readonly ControlRow[]> {
  const rows: ControlRow[] = []
  const row = (id: string, title: string, value: number, goal: number | undefined): void => {
    rows.push({ id: `block-${id}`, title, unit: 'ms', value, goal })
  }
  let collectionMs = 0
  {
    await using cloud = await startCloud(folder, signal, meterEnv(folder))
    using client = new ApiClient(cloud.kubeconfig)
    await delay(3000, undefined, { signal })
    await longestBlocks(folder, cloud.pids(), signal)
    const stage = { client, count, signal }
    for (const { id, title, before, run, rounds } of SCENES) {
      if (wanted !== undefined && !wanted.split(',').includes(id)) continue
      await before?.(stage)
      await longestBlocks(folder, cloud.pids(), signal)
      for (let round = 0; round < rounds; round++) await run(stage, round)
      const longest = await longestBlocks(folder, cloud.pids(), signal)
      row(id, `longest block: ${title}`, longest.workMs, GOAL_MS)
      collectionMs = Math.max(collectionMs, longest.collectionMs)
    }
    row('collection-of-v8', "V8's longest collection in all this", collectionMs, undefined)
  }
  return rows
}
