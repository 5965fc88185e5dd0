import { mkdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fsyncTruth } from './fsync-truth.ts'
import { openHome } from './home.ts'
import type { Options } from './options.ts'
import { Collection, type Results } from './results.ts'
import type { Scenario } from './scenario.ts'
import { scenarios } from './scenarios/index.ts'
import { makeSeed, type Seed } from './seed.ts'
import { FULL, QUICK } from './sizes.ts'
import { targetKinds } from './targets/index.ts'
import type { Target } from './targets/target.ts'
import { openTurn, prepareWarmth, type Surroundings, settle } from './turn.ts'

/** Tells people what goes on. */
export type Say = (text: string) => void

/**
 * Measures the wanted rows on every target that can run here, one target after the other in each round, and takes
 * everything down again, also when `signal` aborts.
 */
export async function measure(options: Options, say: Say, signal: AbortSignal): Promise<Measured> {
  const collection = new Collection()
  const sizes = options.quick ? QUICK : FULL
  await using stack = new AsyncDisposableStack()
  const home = await openHome(options.folder)
  stack.defer(() => rm(home, { recursive: true, force: true }))
  say(`preparing in ${home}`)
  mkdirSync(join(home, 'seed'))
  const seed = await makeSeed(join(home, 'seed'), sizes.treeFilesMax, signal)
  const targets = await openTargets(home, { options, collection, stack, say, signal })
  const run: Run = { targets: new Set(targets), collection, say, surroundings: { sizes, seed, signal } }
  for (const target of targets) {
    await prepareWarmth(target, signal)
    await introduce(target, run, home)
  }
  for (const scenario of chosen(options.rows)) await runScenario(scenario, options, run)
  return { results: collection, tree: seed }
}

/** What was measured, and on which tree. */
export interface Measured {
  readonly results: Results
  readonly tree: Pick<Seed, 'files' | 'bytes'>
}

interface Run {
  readonly targets: Set<Target>
  readonly collection: Collection
  readonly say: Say
  readonly surroundings: Surroundings
}

interface Opening {
  readonly options: Options
  readonly collection: Collection
  readonly stack: AsyncDisposableStack
  readonly say: Say
  readonly signal: AbortSignal
}

async function openTargets(home: string, { options, collection, stack, say, signal }: Opening): Promise<Target[]> {
  const targets: Target[] = []
  for (const kind of targetKinds.filter(({ name }) => options.targets.includes(name))) {
    const reason = kind.whyNot()
    if (reason !== undefined) {
      collection.notes.push(`${kind.name} is left out: ${reason}.`)
      continue
    }
    say(`starting ${kind.name}`)
    const folder = join(home, kind.name)
    mkdirSync(folder)
    try {
      targets.push(stack.use(await kind.open({ folder, signal })))
    } catch (error) {
      signal.throwIfAborted()
      collection.notes.push(`${kind.name} is left out, it did not start: ${messageOf(error)}`)
    }
  }
  return targets
}

/** Looks what the fsync of a target does. */
async function introduce(target: Target, run: Run, home: string): Promise<void> {
  await settle(run.surroundings.signal)
  await using turn = openTurn(target, run.surroundings, () => {})
  const fsync = await fsyncTruth(turn, home)
  run.collection.participants.push({ name: target.name, title: target.title, fsync })
}

/** Scenarios of which anything is wanted, with the wanted rows. */
function chosen(wanted: readonly string[]): readonly Scenario[] {
  if (wanted.length === 0) return scenarios
  return scenarios
    .map(scenario => ({
      ...scenario,
      rows: wanted.includes(scenario.name) ? scenario.rows : scenario.rows.filter(({ id }) => wanted.includes(id)),
    }))
    .filter(({ rows }) => rows.length > 0)
}

async function runScenario(scenario: Scenario, options: Options, run: Run): Promise<void> {
  const { collection, surroundings, targets } = run
  const reason = scenario.whyNot?.(surroundings.seed)
  if (reason !== undefined) {
    collection.notes.push(`${scenario.name} is left out: ${reason}.`)
    return
  }
  collection.rows.push(...scenario.rows)
  const rounds = Math.min(options.rounds, scenario.roundsMax ?? options.rounds)
  for (let round = 1; round <= rounds; round++) {
    for (const target of [...targets].filter(({ name }) => scenario.only?.includes(name) ?? true)) {
      run.say(`${scenario.name}: round ${round} of ${rounds}, ${target.name}`)
      await takeTurn(scenario, target, run)
    }
  }
}

/** A turn that fails is noted; the others go on. */
async function takeTurn(scenario: Scenario, target: Target, run: Run): Promise<void> {
  const { collection, surroundings } = run
  const { signal } = surroundings
  const record = (rowId: string, value: number | undefined): void => {
    if (value !== undefined && Number.isFinite(value)) collection.add(rowId, target.name, value)
  }
  await settle(signal)
  try {
    await using turn = openTurn(target, surroundings, record, scenario.leavesFiles)
    await scenario.run(turn)
  } catch (error) {
    signal.throwIfAborted()
    collection.notes.push(`${scenario.name} failed on ${target.name}: ${messageOf(error)}`)
    await reviveOrDrop(target, run)
  }
}

/** What a failure left is not trusted: the target starts anew, or takes no further part. */
async function reviveOrDrop(target: Target, { collection, surroundings, targets }: Run): Promise<void> {
  try {
    await target.restart(surroundings.signal)
    await rm(join(target.folder, 'turn'), { recursive: true, force: true })
  } catch (error) {
    surroundings.signal.throwIfAborted()
    targets.delete(target)
    collection.notes.push(`${target.name} takes no further part, it did not start again: ${messageOf(error)}`)
  }
}

function messageOf(error: unknown): string {
  // What failed first counts, not the cleaning up after it.
  if (error instanceof SuppressedError) return messageOf(error.suppressed)
  const text = error instanceof Error ? error.message : String(error)
  return text
    .trim()
    .replaceAll(/\s*\n\s*/g, ' / ')
    .slice(0, 400)
}
