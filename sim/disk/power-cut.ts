import type { Random } from '../random.ts'
import { applyName, Bytes, DiskImage, FileImage, type Named, type PendingWrite } from './image.ts'

/**
 * What is left of a disk when the power goes: all that was synced; of the rest each file keeps nothing, everything, a
 * beginning, or for each sector any of the contents it had since, in sectors of 512 bytes or 4 KiB. Names come back in
 * the order their folder changed, up to some point: that is what journalling file systems promise.
 */
export function cutPower(image: DiskImage, random: Random): DiskImage {
  const after = new DiskImage()
  const survivors = new Map<Named, Named>([['folder', 'folder']])
  const names = survivingNames(image, random)
  for (const [path, named] of names) {
    const survivor = survivors.get(named) ?? (named === 'folder' ? named : survivingFile(named, random))
    survivors.set(named, survivor)
    after.names.set(path, survivor)
    after.durableNames.set(path, survivor)
  }
  return after
}

function survivingNames(image: DiskImage, random: Random): Map<string, Named> {
  const names = new Map(image.durableNames)
  const folders = [...new Set(image.pendingNames.map(change => change.folder))]
  const kept = new Map(
    folders.map(folder => {
      const changes = image.pendingNames.filter(change => change.folder === folder)
      return [folder, random.below(changes.length + 1)]
    }),
  )
  for (const change of image.pendingNames) {
    const left = kept.get(change.folder) ?? 0
    if (left === 0) continue
    kept.set(change.folder, left - 1)
    applyName(names, change)
  }
  return names
}

function survivingFile(file: FileImage, random: Random): FileImage {
  const bytes = survivingBytes(file, random)
  const survivor = new FileImage()
  survivor.durable.write(bytes.view, 0)
  survivor.cached.write(bytes.view, 0)
  return survivor
}

function survivingBytes(file: FileImage, random: Random): Bytes {
  const { pending } = file
  const bytes = new Bytes(file.durable)
  const how = random.pick(['nothing', 'everything', 'beginning', 'sectors', 'pages'] as const)
  if (pending.length === 0 || how === 'nothing') return bytes
  if (how === 'sectors' || how === 'pages') return mixSectors(file, random, how === 'sectors' ? 512 : 4096)
  const count = how === 'everything' ? pending.length : random.below(pending.length + 1)
  for (const write of pending.slice(0, count)) bytes.apply(write)
  return bytes
}

// A sector on disk is always one that the page cache had at some time; which time, each sector chooses for itself.
function mixSectors(file: FileImage, random: Random, sectorBytes: number): Bytes {
  const { pending, durable } = file
  const touching = new Map<number, PendingWrite[]>()
  let sizeNow = durable.size
  for (const write of pending) {
    const [from, to] =
      write.kind === 'write' ? [write.offset, write.offset + write.bytes.byteLength] : [write.size, sizeNow]
    for (let sector = Math.floor(from / sectorBytes); sector * sectorBytes < to; sector++) {
      const known = touching.get(sector)
      if (known === undefined) touching.set(sector, [write])
      else known.push(write)
    }
    sizeNow = write.size
  }
  const mixed = new Bytes(durable)
  for (const [sector, writes] of touching) {
    for (const write of writes.slice(0, random.below(writes.length + 1)))
      applyInside(mixed, write, sector * sectorBytes, sectorBytes)
  }
  mixed.resize(random.pick([durable.size, ...pending.map(write => write.size)]))
  return mixed
}

function applyInside(bytes: Bytes, write: PendingWrite, start: number, length: number): void {
  const end = start + length
  if (write.kind === 'truncate') {
    const from = Math.max(start, write.size)
    const to = Math.min(end, bytes.size)
    if (from < to) bytes.write(Buffer.alloc(to - from), from)
    return
  }
  const from = Math.max(start, write.offset)
  const to = Math.min(end, write.offset + write.bytes.byteLength)
  if (from < to) bytes.write(write.bytes.subarray(from - write.offset, to - write.offset), from)
}
