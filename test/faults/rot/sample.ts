import assert from 'node:assert/strict'
import fs from 'node:fs'
import { type Cloud, openCloud } from '../../cloud.ts'
import { bytesOfWrite } from '../load/step.ts'

/** Data folders to damage copies of, and what their files hold. */
export interface Sample extends AsyncDisposable {
  /** A Cairn that is not running; its data folder is replaced for each round. */
  readonly cloud: Cloud
  /** Ended cleanly. */
  readonly clean: string
  /** Ended by SIGKILL, with writes under way. */
  readonly killed: string
  /** Synced files by path below the mount. */
  readonly synced: ReadonlyMap<string, Buffer>
  /** In `killed`: files that were written, and neither closed nor synced. */
  readonly unsynced: ReadonlyMap<string, Buffer>
}

const SIZES = [10, 900, 4096, 30_000, 66_000, 200_000, 1_200_000]
const FOLDERS = 4

/** Makes both data folders with one Cairn. */
export async function makeSample(): Promise<Sample> {
  const cloud = await openCloud()
  try {
    const synced = fill(cloud.mount)
    await cloud.stop()
    const clean = `${cloud.home}/clean`
    copyData(cloud.data, clean)
    await cloud.start()
    const { unsynced, close } = writeUnsynced(cloud.mount)
    await cloud.kill()
    close()
    const killed = `${cloud.home}/killed`
    copyData(cloud.data, killed)
    return { cloud, clean, killed, synced, unsynced, [Symbol.asyncDispose]: () => cloud[Symbol.asyncDispose]() }
  } catch (error) {
    await cloud[Symbol.asyncDispose]()
    throw error
  }
}

/** Puts a copy in the place of the data folder. */
export function restore({ cloud }: Sample, from: string): void {
  fs.rmSync(cloud.data, { recursive: true, force: true })
  copyData(from, cloud.data)
}

/** What reading every file gave. Fails at wrong bytes or a name that is gone. */
export interface Reading {
  readonly right: number
  /** Paths that could not be read and said so. */
  readonly refused: readonly string[]
}

/** Reads all synced files: each is right or refused with EIO, never wrong, never absent. */
export function readAll(mount: string, files: ReadonlyMap<string, Buffer>): Reading {
  const refused: string[] = []
  for (const [path, wanted] of files) {
    try {
      assert.ok(fs.readFileSync(`${mount}/${path}`).equals(wanted), `${path} is what was written`)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EIO')) throw error
      refused.push(path)
    }
  }
  return { right: files.size - refused.length, refused }
}

/** Reads files that were never synced: they may be absent or shorter, or refused, but hold no byte nobody wrote there. */
export function readUnsynced(mount: string, files: ReadonlyMap<string, Buffer>): void {
  for (const [path, wanted] of files) {
    try {
      const found = fs.readFileSync(`${mount}/${path}`)
      const isPart =
        found.byteLength <= wanted.byteLength && found.every((byte, at) => byte === 0 || byte === wanted[at])
      assert.ok(isPart, `${path} holds only what was written`)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && ['EIO', 'ENOENT'].includes(String(error.code)))) throw error
    }
  }
}

function fill(mount: string): ReadonlyMap<string, Buffer> {
  const files = new Map<string, Buffer>()
  for (let folder = 0; folder < FOLDERS; folder += 1) {
    fs.mkdirSync(`${mount}/${folder}`)
    for (const [index, size] of SIZES.entries()) {
      const bytes = bytesOfWrite({ bytes: size, fill: 1 + 2 * (folder * SIZES.length + index) })
      fs.writeFileSync(`${mount}/${folder}/${index}`, bytes, { flush: true })
      files.set(`${folder}/${index}`, bytes)
    }
  }
  return files
}

// Closing a file would send what was written on its way.
function writeUnsynced(mount: string): { unsynced: ReadonlyMap<string, Buffer>; close: () => void } {
  const unsynced = new Map<string, Buffer>()
  const open: number[] = []
  for (const [index, size] of SIZES.entries()) {
    const bytes = bytesOfWrite({ bytes: size, fill: 7001 + 2 * index })
    const fd = fs.openSync(`${mount}/unsynced-${index}`, 'w')
    fs.writeSync(fd, bytes)
    open.push(fd)
    unsynced.set(`unsynced-${index}`, bytes)
  }
  // The mount is dead by then, and says so.
  const close = () => open.forEach(fd => fs.close(fd, () => undefined))
  return { unsynced, close }
}

function copyData(from: string, to: string): void {
  fs.cpSync(from, to, { recursive: true, filter: path => !path.endsWith('.sock') })
}
