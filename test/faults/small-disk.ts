import { execFile, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statfsSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { whenAborted } from '../cloud/aborted.ts'

/** An ext4 of its own for a test, in an image file. Disposing unmounts and removes it. */
export interface SmallDisk extends AsyncDisposable {
  readonly folder: string
  readonly freeBytes: number
  /** Takes space until this much is left; 0 takes the last block. Replaces what it took before. */
  fill(leftBytes: number): Promise<void>
  /** Gives everything back. */
  empty(): void
  /** Takes it out of its folder, which is empty then. Nobody may use it. */
  unmount(): Promise<void>
  mount(): Promise<void>
}

/** Why no image can be mounted here; false when it can. */
export function whyNoSmallDisk(): string | false {
  if (process.geteuid?.() !== 0) return 'mounting an image needs root'
  if (!existsSync('/dev/loop-control')) return 'there are no loop devices'
  return existsSync('/sbin/mkfs.ext4') || existsSync('/usr/sbin/mkfs.ext4') ? false : 'mkfs.ext4 is not installed'
}

const run = promisify(execFile)

/** Makes one; the image is sparse and takes only what is written. It lies below `under`, by default in the temporary folder. */
export async function openSmallDisk(bytes: number, under = tmpdir()): Promise<SmallDisk> {
  const home = mkdtempSync(join(under, 'cairn-small-'))
  const [image, folder] = [join(home, 'image'), join(home, 'disk')]
  const filler = join(folder, 'filler')
  const guard = whenAborted(() => spawnSync('umount', ['-l', folder]))
  writeFileSync(image, '')
  truncateSync(image, bytes)
  mkdirSync(folder)
  // No blocks that only root may take: full is full.
  await run('mkfs.ext4', ['-q', '-m', '0', '-O', '^has_journal', image])
  const mount = async () => {
    await run('mount', ['-o', 'loop', image, folder])
    return await pageByPage(folder)
  }
  let restore = await mount()
  const free = () => {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize
  }
  return {
    folder,
    get freeBytes() {
      return free()
    },
    async fill(leftBytes) {
      rmSync(filler, { force: true })
      await run('fallocate', ['-l', `${free() - leftBytes - SLACK_BYTES}`, filler])
      // Block by block, for the last few: some go to the map of the file itself.
      if (leftBytes === 0)
        await run('dd', ['if=/dev/zero', `of=${filler}`, 'bs=4k', 'oflag=append', 'conv=notrunc']).catch(
          () => undefined,
        )
    },
    empty: () => rmSync(filler, { force: true }),
    async unmount() {
      await run('umount', [folder])
      restore()
    },
    async mount() {
      restore = await mount()
    },
    async [Symbol.asyncDispose]() {
      // It may be out already.
      await run('umount', [folder]).catch(() => spawnSync('umount', ['-l', folder]))
      restore()
      guard[Symbol.dispose]()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

/**
 * Lets the loop device below a folder write one page at a time; returns what undoes it. The kernel takes a write to a loop device for
 * done when a part of it was (lo_complete_rq in drivers/block/loop.c): where the image's own disk is full, what is flushed is lost.
 */
async function pageByPage(folder: string): Promise<() => void> {
  const { stdout } = await run('findmnt', ['--noheadings', '--output', 'MAJ:MIN', folder])
  const file = `/sys/dev/block/${stdout.trim()}/queue/max_sectors_kb`
  const before = readFileSync(file)
  writeFileSync(file, '4')
  return () => writeFileSync(file, before)
}

const SLACK_BYTES = 4 * 2 ** 20
