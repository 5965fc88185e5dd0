import assert from 'node:assert/strict'
import type { SeedOutcome } from './seed.ts'

/** Runs seeds from 1 on, of which none may find anything wrong. */
export async function passes<Outcome extends SeedOutcome>(
  seeds: number,
  run: (seed: number) => Promise<Outcome>,
  describe: (outcome: Outcome) => string,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = []
  for (let seed = 1; seed <= seeds; seed++) {
    const outcome = await run(seed)
    assert.equal(outcome.violation, undefined, describe(outcome))
    outcomes.push(outcome)
  }
  return outcomes
}

/** A seed does the same every time. */
export async function isRepeated(run: () => Promise<SeedOutcome>): Promise<void> {
  const [first, second] = [await run(), await run()]
  assert.equal(first.traceHash, second.traceHash)
}

/** A planted bug is found within so many seeds, of which `first` is tried before the others. */
export async function isFound(
  { name, seedsMax, first = 1 }: { readonly name: string; readonly seedsMax: number; readonly first?: number },
  run: (seed: number) => Promise<SeedOutcome>,
): Promise<void> {
  const seeds = new Set([first, ...Array.from({ length: seedsMax }, (_, index) => index + 1)])
  for (const seed of seeds) if ((await run(seed)).violation !== undefined) return
  assert.fail(`${name}: none of ${seedsMax} seeds found it`)
}
