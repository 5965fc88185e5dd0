import { HEARD_BYTES_MAX, HEARD_PER_ITEM } from '../limits.ts'
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

// By bytes, since a machine may say much of itself; of one that says more than fits only that it is there.
function* piecesOf(rows: readonly HeardMachine[]): Generator<readonly HeardMachine[]> {
  let piece: HeardMachine[] = []
  let pieceBytes = 0
  for (const whole of rows) {
    const isLarge = bytesOf(whole) > HEARD_BYTES_MAX
    const row = isLarge ? { ...whole, report: undefined } : whole
    const bytes = bytesOf(row)
    if (piece.length > 0 && (piece.length >= HEARD_PER_ITEM || pieceBytes + bytes > HEARD_BYTES_MAX)) {
      yield piece
      piece = []
      pieceBytes = 0
    }
    piece.push(row)
    pieceBytes += bytes
  }
  if (piece.length > 0) yield piece
}

// MessagePack of it is no longer.
function bytesOf(row: HeardMachine): number {
  return Buffer.byteLength(JSON.stringify(row))
}
