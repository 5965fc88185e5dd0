// `npm run soak [-- --minutes N] [--seed N] [--only NAME]`: real faults with random seeds for as long as is wanted.
import { parseArgs } from 'node:util'
import { whyNoFuse } from './cloud.ts'
import { allKilled } from './faults/scenarios/all-killed.ts'
import { diskErrors } from './faults/scenarios/disk-errors.ts'
import { posixKilled } from './faults/scenarios/posix-killed.ts'
import { rotAnywhere } from './faults/scenarios/rot.ts'
import { storageKilled } from './faults/scenarios/storage-killed.ts'
import { anyKilled } from './lab/any-killed.ts'
import { homePromoted } from './lab/home-promoted.ts'
import { poorLinks } from './lab/poor-links.ts'

/** One kind of trouble; answers what came of it when there is something to tell. */
type Scenario = (seed: number) => Promise<string | void>

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'storage-killed': seed => storageKilled({ seed, kills: 8 }),
  'all-killed': seed => allKilled({ seed, rounds: 5 }),
  'posix-killed': seed => posixKilled({ seed, ops: 2000, kills: 6 }),
  'disk-errors': seed => diskErrors({ seed, rounds: 12 }),
  'home-promoted': () => homePromoted(),
  'poor-links': () => poorLinks(),
  'any-killed': seed => anyKilled({ seed }),
  rot: async seed => tally(await rotAnywhere({ seed, rounds: 30 })),
}

const MINUTES = 10

process.exitCode = await soak()

async function soak(): Promise<number> {
  const { values } = parseArgs({
    options: { minutes: { type: 'string' }, seed: { type: 'string' }, only: { type: 'string' } },
  })
  const minutes = Number(values.minutes ?? MINUTES)
  const names = Object.keys(SCENARIOS).filter(name => values.only === undefined || name === values.only)
  const why = whyNoFuse()
  if (why !== false || names.length === 0 || !(minutes > 0)) {
    console.error(`soak: ${why === false ? `--minutes N, --seed N, --only ${Object.keys(SCENARIOS).join('|')}` : why}`)
    return 2
  }
  // One seed is one run: then it is replayed once and not for minutes.
  const wanted = values.seed === undefined ? undefined : Number(values.seed)
  const failures = wanted === undefined ? await runFor(minutes, names) : await runOnce(wanted, names)
  for (const failure of failures) console.log(`failed: ${failure}`)
  console.log(failures.length === 0 ? 'soak: all good' : `soak: ${failures.length} failed`)
  return failures.length === 0 ? 0 : 1
}

async function runFor(minutes: number, names: readonly string[]): Promise<string[]> {
  const endMs = performance.now() + minutes * 60_000
  const failures: string[] = []
  while (performance.now() < endMs) failures.push(...(await runOnce(Math.floor(Math.random() * 2 ** 31), names)))
  return failures
}

async function runOnce(seed: number, names: readonly string[]): Promise<string[]> {
  const failures: string[] = []
  for (const name of names) {
    const startedMs = performance.now()
    // Told before anything is done, so that a hang too can be replayed.
    process.stdout.write(`npm run soak -- --only ${name} --seed ${seed} ... `)
    try {
      const told = await SCENARIOS[name]?.(seed)
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
      console.log(`ok (${seconds} s)${told === undefined ? '' : ` ${told}`}`)
    } catch (error) {
      console.log(`FAILED\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
      failures.push(`npm run soak -- --only ${name} --seed ${seed}`)
    }
  }
  return failures
}

function tally(outcomes: readonly string[]): string {
  const kinds = [...new Set(outcomes)].sort()
  return kinds.map(kind => `${outcomes.filter(outcome => outcome === kind).length} ${kind}`).join(', ')
}
