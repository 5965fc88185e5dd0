import { seededRandom } from '../../posix/stress/random.ts'
import { type Outcome, rotRound } from '../rot/round.ts'
import { makeSample } from '../rot/sample.ts'

/** Flips one bit anywhere in the data folder, again and again, each time in a fresh copy; answers how each was met. */
export async function rotAnywhere({ seed, rounds }: { readonly seed: number; readonly rounds: number }) {
  const random = seededRandom(seed)
  await using sample = await makeSample()
  const outcomes: Outcome[] = []
  for (let round = 0; round < rounds; round += 1) {
    const state = random.pick(['clean', 'killed'] as const)
    outcomes.push(await rotRound(sample, { state, files: /^(chunks|fs|mounts|version)/, flips: 1 }, random))
  }
  return outcomes
}
