import { mainFault } from '../faults.ts'

/** A filesystem in the epoch of a home. */
export interface RootsHome {
  readonly filesystem: string
  readonly epoch: number
}

/** What a machine says of homes when it says what it names. */
export interface RootsHomes {
  /** Those whose home it is; not while it may be one no longer without knowing. */
  readonly homes: readonly RootsHome[]
  /** The last epoch of each that it has heard of, wherever the home is. */
  readonly known: readonly RootsHome[]
}

/**
 * Nothing may be collected unless each filesystem that anybody knows of was named by its home in the last epoch that anybody knows of: a
 * home before knows no newer files, and one that has lost its disk none at all. Faults: RootsMissing.
 */
export function checkRoots(told: readonly RootsHomes[]): void {
  const last = new Map<string, number>()
  for (const { filesystem, epoch } of told.flatMap(({ homes, known }) => [...homes, ...known])) {
    last.set(filesystem, Math.max(epoch, last.get(filesystem) ?? 0))
  }
  for (const { filesystem, epoch } of told.flatMap(({ homes }) => homes)) {
    if (last.get(filesystem) === epoch) last.delete(filesystem)
  }
  const [missing] = last
  if (missing === undefined) return
  const [name, epoch] = missing
  throw mainFault('RootsMissing', `the home of ${name} in its epoch ${epoch} has not said what its files need`, {
    hint: 'Nothing is collected meanwhile. `cairn fs ls` shows where it lives; if that machine is gone, `cairn fs promote`.',
  })
}
