import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { openCloud } from '../../cloud.ts'
import { seededRandom } from '../../posix/stress/random.ts'

const STRESS = join(import.meta.dirname, '..', '..', 'posix', 'stress.ts')

/** How long, and how often at most: each death makes the pause before the next start longer. */
interface PosixKilled {
  readonly seed: number
  readonly ops: number
  readonly kills: number
}

/** Runs random operations of every kind against their model while the storage process is killed again and again. */
export async function posixKilled({ seed, ops, kills }: PosixKilled): Promise<void> {
  const random = seededRandom(seed)
  await using cloud = await openCloud()
  let isOver = false
  const words = [STRESS, cloud.mount, '--seed', `${seed}`, '--ops', `${ops}`]
  const stress = promisify(execFile)(process.execPath, words).finally(() => {
    isOver = true
  })
  stress.catch(() => undefined) // whoever waits sees it
  for (let killed = 0; killed < kills && !isOver; killed += 1) {
    await delay(300 + random.below(1500))
    if (!isOver) await cloud.killStorage()
  }
  await stress
}
