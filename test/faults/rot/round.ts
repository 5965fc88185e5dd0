import assert from 'node:assert/strict'
import type { Random } from '../../posix/stress/random.ts'
import { type Flip, flipAnywhere } from './flips.ts'
import { readAll, readUnsynced, restore, type Sample } from './sample.ts'

/** How a damaged data folder was met. */
export type Outcome = 'whole' | 'named' | 'refused'

/** Where to flip: in which state of the data folder, in which files, how often. */
export interface RotRound {
  readonly state: 'clean' | 'killed'
  readonly files: RegExp
  readonly flips: number
  /** Damage there must cost nothing: something else holds the same. */
  readonly costsNothing?: boolean | undefined
}

/**
 * Flips bits of a copy and starts it. Every synced file is right, or its damage is named: by EIO and the doctor, or by
 * a start that is refused with its remedy. Wrong bytes, absent files and a storage process that dies fail the test.
 */
export async function rotRound(sample: Sample, round: RotRound, random: Random): Promise<Outcome> {
  const { cloud } = sample
  restore(sample, sample[round.state])
  const flips = flipAnywhere(cloud.data, round.files, { random, count: round.flips })
  try {
    const outcome = await met(sample, round)
    assert.ok(outcome === 'whole' || round.costsNothing !== true, `it costs nothing, but was ${outcome}`)
    return outcome
  } catch (error) {
    const said = `${String(error)}\n${cloud.said}`
    throw new Error(`${round.state}: ${flips.map(showFlip).join(', ')}: ${said}`, { cause: error })
  }
}

async function met(sample: Sample, { state }: RotRound): Promise<Outcome> {
  const { cloud, synced, unsynced } = sample
  if (!(await startsOrNames(sample))) return 'refused'
  const { refused } = readAll(cloud.mount, synced)
  if (state === 'killed') readUnsynced(cloud.mount, unsynced)
  if (refused.length > 0) {
    const doctor = await cloud.run('doctor')
    assert.equal(doctor.code, 1, `the doctor finds what makes ${refused.join()} unreadable:\n${doctor.out}`)
  }
  assert.doesNotMatch(cloud.said, /storage process ended/)
  assert.equal(await cloud.stop(), '0')
  return refused.length > 0 ? 'named' : 'whole'
}

/** True when it runs; a refusal must say what is damaged and what to do. */
async function startsOrNames({ cloud }: Sample): Promise<boolean> {
  try {
    await cloud.start()
    return true
  } catch (error) {
    if (cloud.isRunning) throw error
    assert.match(cloud.said, /error: .*(damage|version|cannot be read|does not say)/i)
    assert.match(cloud.said, /hint: \S/)
    return false
  }
}

function showFlip({ file, at, bit }: Flip): string {
  return `bit ${bit} of byte ${at} of ${file}`
}
