import { type Cookie, type Filesystem, type Ino, ROOT_INO } from '#storage/fs'
import { ok } from './observe.ts'
import { mustHold } from './violation.ts'

/** Checks that the filesystem counts what a walk over everything counts; nothing may be held without a name. */
export async function checkUsage(fs: Filesystem): Promise<void> {
  const whole = await ok(fs.quotas.whole(), 'what all of it holds')
  const seen = new Set<number>()
  const waiting = [ROOT_INO as number]
  let bytes = 0
  for (let ino = waiting.pop(); ino !== undefined; ino = waiting.pop()) {
    if (seen.has(ino)) continue
    seen.add(ino)
    const { kind, blocks, nlink } = await ok(fs.vfs.attributes(ino as Ino), `attributes of ${ino}`)
    if (kind === 'file') bytes += blocks * 512
    const take = (entry: { name: string; ino: number }): boolean => {
      if (entry.name !== '.' && entry.name !== '..') waiting.push(entry.ino)
      return true
    }
    if (kind !== 'directory' || nlink === 0) continue
    await ok(fs.vfs.list(ino as Ino, 0 as Cookie, { attributes: false, take }), `list of ${ino}`)
  }
  seen.delete(ROOT_INO)
  const counted = `${whole.inodesUsed} inodes and ${whole.bytesUsed} bytes`
  const isRight = whole.inodesUsed === seen.size && whole.bytesUsed === bytes
  mustHold(isRight, () => `it counts ${counted}, a walk ${seen.size} inodes and ${bytes} bytes`)
}
