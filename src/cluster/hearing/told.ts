import { HEARD_PER_ITEM } from '../limits.ts'
import type { HeardMachine } from '../methods/local.ts'
import type { Bell } from './bell.ts'

/** A row with something that changes whenever the row does. */
export interface MarkedRow {
  readonly name: string
  readonly mark: string
  readonly row: () => HeardMachine
}

/** Tells all rows, then those that have changed, in pieces that fit a message. Ends only by the signal, with its reason. */
export async function* tellChanges(
  rows: () => readonly MarkedRow[],
  changed: Bell,
  signal: AbortSignal,
): AsyncGenerator<readonly HeardMachine[], never, undefined> {
  let told = new Map<string, string>()
  for (;;) {
    const { count } = changed
    const now = rows()
    const fresh = now.filter(({ name, mark }) => told.get(name) !== mark)
    told = new Map(now.map(({ name, mark }) => [name, mark]))
    for (const piece of piecesOf(fresh.map(({ row }) => row()))) yield piece
    await changed.after(count, signal)
  }
}

// A machine of many disks is told alone: 64 of them are a quarter of what fits.
function* piecesOf(rows: readonly HeardMachine[]): Generator<readonly HeardMachine[]> {
  let piece: HeardMachine[] = []
  let disks = 0
  for (const row of rows) {
    const own = row.report?.disks.length ?? 0
    if (piece.length > 0 && (piece.length >= HEARD_PER_ITEM || disks + own > HEARD_PER_ITEM)) {
      yield piece
      piece = []
      disks = 0
    }
    piece.push(row)
    disks += own
  }
  if (piece.length > 0) yield piece
}
