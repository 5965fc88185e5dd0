import assert from 'node:assert/strict'
import { startLab } from './lab.ts'
import { acknowledged, sameTree, writeTree } from './tree.ts'
import { whyNoLab } from './why-no-lab.ts'

const [FILES, BYTES] = [300, 32 * 2 ** 20]

/** A machine 100 ms away whose link loses one packet in a hundred writes and reads as the others do, while they write too. */
export async function poorLinks(): Promise<string | void> {
  const why = whyNoLab()
  if (why !== false) return `not run: ${why}`
  await using lab = await startLab({ machines: 3 })
  await lab.untilOnline('m1')
  await lab.slow('m3', { ms: 100, lossPercent: 1 })
  const beganMs = performance.now()
  const trees = ['m1', 'm3'].map(async machine => {
    const folder = `/mnt/cairn/${machine}`
    const { sums, gapMs } = acknowledged(await writeTree(lab, machine, { folder, files: FILES, bytes: BYTES }))
    assert.equal(sums.length, FILES, machine)
    return { folder, sums, gapMs, ms: performance.now() - beganMs }
  })
  const [near, far] = await Promise.all(trees)
  for (const tree of [near, far]) {
    assert.ok(tree !== undefined)
    for (const machine of ['m1', 'm2', 'm3']) await sameTree(lab, machine, tree)
  }
  assert.deepEqual(await lab.states('m1'), ['m1 Online', 'm2 Online', 'm3 Online'])
  const seconds = [near?.ms, far?.ms, far?.gapMs].map(ms => ((ms ?? 0) / 1000).toFixed(1))
  return `${FILES} files near in ${seconds[0]} s, far in ${seconds[1]} s with a longest pause of ${seconds[2]} s`
}
