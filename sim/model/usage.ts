import { type Cookie, type Filesystem, type Ino, ROOT_INO } from '#storage/fs'
import { ok } from './observe.ts'
import { mustHold } from './violation.ts'

/** Checks that the root's quota counts what a walk over everything counts; nothing may be held without a name. */
export async function checkUsage(fs: Filesystem): Promise<void> {
  const quotas = await ok(fs.quotas.list(), 'quotas')
  const quota = quotas.find(each => each.ino === ROOT_INO)
  if (quota === undefined) return
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
  const counted = `${quota.inodesUsed} inodes and ${quota.bytesUsed} bytes`
  const isRight = quota.inodesUsed === seen.size && quota.bytesUsed === bytes
  mustHold(isRight, () => `the quota counts ${counted}, a walk ${seen.size} inodes and ${bytes} bytes`)
}
