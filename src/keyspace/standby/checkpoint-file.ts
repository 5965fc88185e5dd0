import { type Disk, type DiskFile, isFault } from '#base'
import { blocksOf, checkpointAt, checkpointPath } from '../checkpoint.ts'
import { diskFault, keyspaceFault } from '../faults.ts'
import type { Revision } from '../keyspace.ts'
import { CHECKPOINT_BLOCK_BYTES } from '../limits.ts'

/** The checkpoint of a keyspace as it was when it was opened, to be sent to a standby. */
export interface SentCheckpoint extends Disposable {
  /** The log behind this revision follows it. */
  readonly applied: Revision
  readonly bytes: number
  /** All of it, in pieces. */
  pieces(): Generator<Uint8Array>
}

/** Opens the checkpoint in a keyspace's folder; undefined: there is none, and the log has everything. Faults: CheckpointDamaged. */
export function openCheckpoint(disk: Disk, folder: string): SentCheckpoint | undefined {
  const found = checkpointAt(disk, checkpointPath(folder))
  if (found === undefined) return undefined
  const file = disk.open(checkpointPath(folder), 'read')
  return { ...found, pieces: () => piecesOf(file, found.bytes), [Symbol.dispose]: () => file.close() }
}

function* piecesOf(file: DiskFile, bytes: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes; at += CHECKPOINT_BLOCK_BYTES) {
    const piece = new Uint8Array(Math.min(CHECKPOINT_BLOCK_BYTES, bytes - at))
    if (file.read(piece, at) < piece.byteLength) throw keyspaceFault('CheckpointDamaged', `${file.path} is cut short`)
    yield piece
  }
}

/**
 * Writes a checkpoint that another machine sends beside what is there, and reads it through; answers false when it sends none, since
 * its log has everything. Faults: RecordDamaged, DiskFull, DiskFailed; then nothing of it is left.
 */
export async function receiveCheckpoint(disk: Disk, path: string, pieces: AsyncIterable<Uint8Array>): Promise<boolean> {
  try {
    using file = disk.open(path, 'create')
    file.truncate(0)
    let at = 0
    for await (const piece of pieces) {
      file.write([piece], at)
      at += piece.byteLength
    }
    if (at === 0) {
      disk.remove(path)
      return false
    }
    await file.sync()
    checkpointAt(disk, path)
    for (const _ of blocksOf(disk, path));
    return true
  } catch (error) {
    disk.remove(path)
    if (isFault(error, 'CheckpointDamaged')) {
      throw keyspaceFault('RecordDamaged', 'the checkpoint that was sent is not whole', { cause: error })
    }
    throw isFault(error) ? error : diskFault('writing a checkpoint', error)
  }
}
