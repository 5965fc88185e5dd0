import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ApiClient } from '../client.ts'
import { startCloud } from '../cloud.ts'
import type { ControlRow } from '../rows.ts'
import type { Blocks } from './blocks-file.ts'
import { longestBlocks, meterEnv } from './meter-of.ts'
import { type Scene, SCENES } from './scenes.ts'

/** Milliseconds that a turn may take: "a few". */
const GOAL_MS = 10
/** A loop that does nothing else is interrupted for 8 ms too, once in ten seconds: what only one play has is not the work's. */
const PLAYS = 2

/**
 * Measures how long the event loop of the control process stands still at most, in work on so many objects: the lesser of what two
 * plays of all scenes have, each in a cloud of its own. What V8 collects meanwhile is a row of its own: it depends on all that
 * lives, and no step of ours is short enough to shorten it.
 */
export async function measureBlocks(
  folder: string,
  { count, wanted }: { readonly count: number; readonly wanted: string | undefined },
  signal: AbortSignal,
): Promise<readonly ControlRow[]> {
  const scenes = SCENES.filter(({ id }) => wanted === undefined || wanted.split(',').includes(id))
  const plays: Blocks[][] = []
  for (let play = 0; play < PLAYS; play++)
    plays.push(await playAll(join(folder, `play-${play}`), scenes, count, signal))
  const row = (id: string, title: string, value: number, goal: number | undefined): ControlRow => ({
    id: `block-${id}`,
    title,
    unit: 'ms',
    value,
    goal,
  })
  const worked = scenes.map(({ id, title }, at) => {
    return row(id, `longest block: ${title}`, Math.min(...plays.map(play => play[at]?.workMs ?? 0)), GOAL_MS)
  })
  const collectionMs = Math.max(...plays.flat().map(each => each.collectionMs))
  return [...worked, row('collection-of-v8', "V8's longest collection in all this", collectionMs, undefined)]
}

async function playAll(
  folder: string,
  scenes: readonly Scene[],
  count: number,
  signal: AbortSignal,
): Promise<Blocks[]> {
  mkdirSync(folder)
  await using cloud = await startCloud(folder, signal, meterEnv(folder))
  using client = new ApiClient(cloud.kubeconfig)
  await delay(3000, undefined, { signal })
  const stage = { client, count, signal }
  const longest: Blocks[] = []
  for (const { before, run, rounds } of scenes) {
    await before?.(stage)
    await longestBlocks(folder, cloud.pids(), signal)
    for (let round = 0; round < rounds; round++) await run(stage, round)
    longest.push(await longestBlocks(folder, cloud.pids(), signal))
  }
  return longest
}
