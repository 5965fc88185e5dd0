import { crc32 } from 'node:zlib'
import { asBuffer, type ByteString, type Disk, struct, u32, u64, type World } from '#base'
import { leaseOf, revisionOf } from './change.ts'
import { diskFault, keyspaceFault } from './faults.ts'
import type { Revision } from './keyspace.ts'
import { newerVersion } from './log/segment.ts'
import type { LeaseRow, RowIndex } from './row-index.ts'

/** Start of the file. The log from `applied + 1` on, played over the rows, gives the state at `compacted` and later. */
const fileHead = struct({ magic: u32, crc: u32, version: u32, zeros: u32, applied: u64 })
/** Before each block: rows (1), leases (2), or the end (3). */
const blockHead = struct({ kind: u32, crc: u32, bytes: u32, zeros: u32 })
const leaseRow = struct({ lease: u64, ttlMs: u64 })
const endBlock = struct({ blocks: u64, compacted: u64 })

/** "CKcp" in the file. */
const MAGIC = 0x70634b43
const VERSION = 1
const CRC_FROM = 8
const KIND = { rows: 1, leases: 2, end: 3 } as const

/** The checkpoint file of a keyspace's folder. */
export function checkpointPath(folder: string): string {
  return `${folder}/checkpoint`
}

/** What a checkpoint is made of. */
export interface CheckpointSource {
  readonly world: World
  readonly folder: string
  readonly index: RowIndex
}

/**
 * Writes all current rows beside the log, block by block while commits go on, and puts them in the place of the last
 * checkpoint. Returns the revision that the index had at the start: the log before the next one is no longer needed.
 */
export async function writeCheckpoint(source: CheckpointSource, signal: AbortSignal): Promise<Revision> {
  const { world, folder, index } = source
  const { disk } = world
  const target = checkpointPath(folder)
  const applied = index.state.applied
  try {
    using file = disk.open(`${target}.new`, 'create')
    file.truncate(0)
    file.write([headBytes(applied)], 0)
    let at = fileHead.size
    let blocks = 0
    const add = (kind: number, body: Uint8Array): void => {
      file.write([blockBytes(kind, body), body], at)
      at += blockHead.size + body.byteLength
      blocks += 1
    }
    let after: ByteString | undefined
    for (;;) {
      signal.throwIfAborted()
      const block = await index.dump(after)
      if (block === undefined) break
      add(KIND.rows, block.bytes)
      after = block.last
    }
    const state = index.state
    add(KIND.leases, Buffer.concat(state.leases.map(row => leaseRow.bytes(row))))
    add(KIND.end, endBlock.bytes({ blocks, compacted: state.applied }))
    await file.sync()
    disk.rename(`${target}.new`, target)
    await disk.syncFolder(folder)
    return applied
  } catch (error) {
    disk.remove(`${target}.new`)
    throw signal.aborted || isOurs(error) ? error : diskFault('writing a checkpoint', error)
  }
}

function isOurs(error: unknown): boolean {
  return error instanceof Error && error.name === 'Fault'
}

/** The revision of the checkpoint in a folder and its bytes; undefined when there is none. Faults: CheckpointDamaged, NewerVersion. */
export function checkpointIn(
  disk: Disk,
  folder: string,
): { readonly applied: Revision; readonly bytes: number } | undefined {
  return checkpointAt(disk, checkpointPath(folder))
}

/** The same of a checkpoint that lies elsewhere. */
export function checkpointAt(
  disk: Disk,
  path: string,
): { readonly applied: Revision; readonly bytes: number } | undefined {
  const found = disk.stat(path)
  if (found === undefined) return undefined
  using file = disk.open(path, 'read')
  const bytes = Buffer.alloc(fileHead.size)
  if (file.read(bytes, 0) < fileHead.size) throw damaged(path, 0)
  const head = fileHead.read(bytes)
  if (head.magic !== MAGIC || head.crc !== crc32(bytes.subarray(CRC_FROM))) throw damaged(path, 0)
  if (head.version > VERSION) throw newerVersion(path, head.version)
  return { applied: revisionOf(head.applied), bytes: found.bytes }
}

/** Fills an empty index from the checkpoint of a folder. Faults: CheckpointDamaged. */
export async function loadCheckpoint(disk: Disk, folder: string, index: RowIndex): Promise<void> {
  const path = checkpointPath(folder)
  const applied = checkpointIn(disk, folder)?.applied
  if (applied === undefined) return
  const leases: LeaseRow[] = []
  for (const block of blocksOf(disk, path)) {
    if (block.kind === KIND.rows) await index.load(block.body, undefined)
    if (block.kind === KIND.leases) leases.push(...leasesOf(block.body))
    if (block.kind !== KIND.end) continue
    const compacted = revisionOf(endBlock.read(block.body).compacted)
    await index.load(new Uint8Array(0), { applied, compacted, leases })
  }
}

/** Reads a checkpoint once. Faults: CheckpointDamaged. */
export function* blocksOf(disk: Disk, path: string): Generator<{ readonly kind: number; readonly body: Buffer }> {
  using file = disk.open(path, 'read')
  const size = file.size()
  let blocks = 0
  for (let at = fileHead.size; ; blocks++) {
    const head = asBuffer(new Uint8Array(blockHead.size))
    if (file.read(head, at) < blockHead.size) throw damaged(path, at)
    const { kind, crc, bytes } = blockHead.read(head)
    if (bytes > size - at - blockHead.size) throw damaged(path, at)
    const body = Buffer.alloc(bytes)
    file.read(body, at + blockHead.size)
    if (crc32(body, crc32(head.subarray(CRC_FROM), kind)) !== crc) throw damaged(path, at)
    if (kind === KIND.end && endBlock.read(body).blocks !== blocks) throw damaged(path, at)
    yield { kind, body }
    if (kind === KIND.end) return
    at += blockHead.size + bytes
  }
}

function headBytes(applied: Revision): Buffer {
  const head = fileHead.bytes({ magic: MAGIC, crc: 0, version: VERSION, zeros: 0, applied })
  head.writeUInt32LE(crc32(head.subarray(CRC_FROM)), fileHead.offsets.crc)
  return head
}

function blockBytes(kind: number, body: Uint8Array): Buffer {
  const head = blockHead.bytes({ kind, crc: 0, bytes: body.byteLength, zeros: 0 })
  head.writeUInt32LE(crc32(body, crc32(head.subarray(CRC_FROM), kind)), blockHead.offsets.crc)
  return head
}

function leasesOf(body: Buffer): LeaseRow[] {
  const rows: LeaseRow[] = []
  for (let at = 0; at < body.byteLength; at += leaseRow.size) {
    const { lease, ttlMs } = leaseRow.read(body, at)
    rows.push({ lease: leaseOf(lease), ttlMs })
  }
  return rows
}

function damaged(path: string, at: number): Error {
  return keyspaceFault('CheckpointDamaged', `${path} is damaged at byte ${at}, and the index needs it`, {
    hint: 'Restore this folder from a copy.',
  })
}
