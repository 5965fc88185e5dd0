import assert from 'node:assert/strict'
import { LABS, startLab, type TestLab } from './lab.ts'
import { assertNoTraces, traces } from './traces.ts'
import { acknowledged, sameTree, writeTree } from './tree.ts'
import { whyNoLab } from './why-no-lab.ts'

const FILES = 10_000
const BYTES = 2 ** 30
const COPY_MS_MAX = 1_200_000
const HEAL_MS_MAX = 900_000
const FOLDER = '/mnt/cairn/tree'
const MACHINES = ['m1', 'm2', 'm3'] as const
const [BEHIND_NAT, LAB] = ['m4', `t${process.pid}`]

/**
 * The story of the whole: a tree of 10,000 files and 1 GiB is written on the first machine, each file synced; a machine is killed
 * meanwhile, the first included; nothing acknowledged is lost, the others go on, and the killed one comes back without its disk.
 */
export async function anyKilled({ seed }: { readonly seed: number }): Promise<string | void> {
  const why = whyNoLab()
  if (why !== false) return `not run: ${why}`
  const before = traces(LAB, LABS)
  const told = await onLab(seed)
  await assertNoTraces(before, LAB, LABS)
  return told
}

async function onLab(seed: number): Promise<string> {
  await using lab = await startLab({ machines: 4, nat: '4', controllers: 3, disk: '8G', memory: '1G' })
  await lab.untilOnline('m1')
  await lab.until('all data to be safe', () => isSafe(lab, 'm2'))
  const victim = MACHINES[seed % MACHINES.length] ?? 'm1'
  const others = MACHINES.filter(name => name !== victim)
  const copying = writeTree(lab, 'm1', { folder: FOLDER, files: FILES, bytes: BYTES })
  const share = 0.1 + ((seed >>> 4) % 100) / 150
  await lab.until(
    'a part of the tree to be there',
    async () => (await countOn(lab, 'm3')) >= FILES * share,
    COPY_MS_MAX,
  )
  await lab.kill(victim)
  const killedMs = performance.now()
  await lab.until('the others to go on', async () => (await wrote(lab, others[0] ?? 'm2')) === 'done\n', 120_000)
  const stoppedMs = performance.now() - killedMs
  const copied = await copying
  const { sums, gapMs } = acknowledged(copied)
  // The copy goes on when another machine is lost.
  if (victim !== 'm1') assert.equal(copied.code, 0, `${sums.length} files, then: ${copied.err.slice(0, 1000)}`)
  for (const machine of others) await sameTree(lab, machine, { folder: FOLDER, sums })
  await lab.wipe(victim)
  await lab.start(victim)
  await lab.until('every file to have its copies again', () => isSafe(lab, others[0] ?? 'm2'), HEAL_MS_MAX)
  for (const machine of [victim, BEHIND_NAT]) await sameTree(lab, machine, { folder: FOLDER, sums })
  await lab.sh(BEHIND_NAT, 'echo from behind > /mnt/cairn/behind && sync /mnt/cairn/behind')
  assert.equal(await lab.sh(victim, 'cat /mnt/cairn/behind'), 'from behind\n')
  const seconds = [stoppedMs, gapMs].map(ms => (ms / 1000).toFixed(1))
  return `${victim} killed after ${Math.round(share * 100)} %; the next write ${seconds[0]} s later; longest pause of the copy ${seconds[1]} s`
}

async function countOn(lab: TestLab, machine: string): Promise<number> {
  return Number(await lab.sh(machine, `ls ${FOLDER} | wc -l`)) * 100
}

function wrote(lab: TestLab, machine: string): Promise<string> {
  const write = 'echo after > /mnt/cairn/after; sync /mnt/cairn/after; echo done'
  return lab.sh(machine, `timeout 3 sh -ec '${write}'`)
}

async function isSafe(lab: TestLab, machine: string): Promise<boolean> {
  const { out } = await lab.cairn(machine, 'status')
  return /^copies +All data is safe/m.test(out)
}
