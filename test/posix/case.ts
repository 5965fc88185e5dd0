import type { Peer } from './peer-client.ts'

/** What a case is handed; the working folder is a fresh empty directory of its own, so its paths are relative. */
export interface Context {
  /** The absolute path of the working folder. */
  readonly dir: string
  /** A second process in the same folder, started at the first call. */
  peer(): Promise<Peer>
}

/** What must hold for a case to be run: root, or Cairn below (a rule of Cairn's own, stricter than POSIX). */
export type Need = 'root' | 'cairn'

/** The body of a case: returns when what its name says is so, throws otherwise. */
export type Step = (context: Context) => void | Promise<void>

/** A case that is run only where its needs are met. */
export interface NeedyCase {
  readonly needs: readonly Need[]
  readonly run: Step
}

/** The cases of one group of calls; the key is a sentence of behaviour. */
export type CaseTable = Readonly<Record<string, Step | NeedyCase>>

/** Marks a case that acts as other users, owns devices, or reads trusted attributes. */
export function root(run: Step): NeedyCase {
  return { needs: ['root'], run }
}

/** Marks a case that states a rule of Cairn's own. */
export function cairn(run: Step): NeedyCase {
  return { needs: ['cairn'], run }
}

/** Builds a table from rows: one case per row. */
export function each<Row>(
  rows: readonly Row[],
  name: (row: Row) => string,
  run: (row: Row) => Step | NeedyCase,
): CaseTable {
  return Object.fromEntries(rows.map(row => [name(row), run(row)]))
}

/** Makes every case of a table need root. */
export function allAsRoot(table: CaseTable): CaseTable {
  return Object.fromEntries(
    Object.entries(table).map(([name, one]) => [name, root(typeof one === 'function' ? one : one.run)]),
  )
}
