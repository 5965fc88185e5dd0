import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type World } from '#base'
import { machineWorld } from '#host'
import { type LocalKeyspace, openMemoryKeyspace } from '#keyspace'
import type { ChunkSource, SpaceReservation } from '../chunk-source.ts'
import { MemoryChunks } from '../content/memory-chunks.ts'
import { type Errno, isErrno } from '../errno.ts'
import { type Filesystem, openFilesystem } from '../filesystem.ts'
import { ROOT_INO } from '../inode.ts'
import type { Attributes, Caller, Cookie, DirectoryEntry, FileKind, Ino, Reply } from '../vfs.ts'

/** A whole chunk source in memory, with a limit on its space. */
export class MemoryChunkSource extends MemoryChunks implements ChunkSource {
  freeBytes = 2 ** 40

  has(digest: Parameters<ChunkSource['has']>[0]): boolean {
    return this.chunks.has(digest)
  }

  async sync(): Promise<void> {}

  reserve(bytes: number): SpaceReservation | undefined {
    if (bytes > this.freeBytes) return undefined
    this.freeBytes -= bytes
    return {
      [Symbol.dispose]: () => {
        this.freeBytes += bytes
      },
      spend: () => undefined,
    }
  }

  space(): { totalBytes: number; freeBytes: number } {
    return { totalBytes: 2 ** 40, freeBytes: this.freeBytes }
  }
}

/** A filesystem over memory, with its staging file in a temporary folder; small chunks keep tests quick. */
export interface TestFilesystem extends AsyncDisposable {
  fs: Filesystem
  readonly chunks: MemoryChunkSource
  readonly keyspace: LocalKeyspace
  /** Opens it again as a new process would after the old one was killed. */
  killAndReopen(): Promise<void>
}

export async function testFilesystem(chunkBytes = 64 * 1024, world: World = machineWorld): Promise<TestFilesystem> {
  const folder = mkdtempSync(path.join(tmpdir(), 'cairn-fs-'))
  const chunks = new MemoryChunkSource()
  const keyspace = openMemoryKeyspace({ world, history: { ms: 0, revisions: 0 } })
  const open = (isMounted: boolean): Promise<Filesystem> =>
    openFilesystem({
      world,
      folder,
      name: 'test',
      keyspace,
      chunks,
      bootId: '0123',
      isMounted,
      owner: { uid: 0, gid: 0 },
      chunkBytes,
    })
  const test: TestFilesystem = {
    fs: await open(false),
    chunks,
    keyspace,
    async killAndReopen() {
      await test.fs.abandon()
      test.fs = await open(true)
    },
    async [Symbol.asyncDispose]() {
      await test.fs[Symbol.asyncDispose]()
      await keyspace[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true })
    },
  }
  return test
}

export const CALLER: Caller = { uid: 1000, gid: 1000, umask: 0o022 }

/** The value of an answer that must not be an error. */
export async function ok<Value>(reply: Reply<Value>): Promise<Exclude<Value, Errno>> {
  const answer = await reply
  if (isErrno(answer)) throw new Error(`answered errno ${answer}`)
  return answer as Exclude<Value, Errno>
}

export async function makeNode(
  fs: Filesystem,
  name: string,
  options: { parent?: Ino; kind?: FileKind; mode?: number } = {},
): Promise<Attributes> {
  const node = { kind: options.kind ?? 'file', mode: options.mode ?? 0o666 }
  return ok(fs.vfs.make(options.parent ?? ROOT_INO, name, node, CALLER))
}

export async function writeAll(fs: Filesystem, ino: Ino, offset: number, bytes: Uint8Array): Promise<void> {
  await ok(fs.vfs.write(ino, offset, bytes, { append: false, killPrivileges: false }))
}

export async function readAll(fs: Filesystem, ino: Ino): Promise<Buffer> {
  const { size } = await ok(fs.vfs.attributes(ino))
  const bytes = Buffer.alloc(size, 0xee)
  const read = await ok(fs.vfs.read(ino, 0, bytes))
  return bytes.subarray(0, read.bytes)
}

export async function names(fs: Filesystem, ino: Ino): Promise<string[]> {
  const found: DirectoryEntry[] = []
  await ok(
    fs.vfs.list(ino, 0 as Cookie, {
      attributes: false,
      take: entry => {
        found.push(entry)
        return true
      },
    }),
  )
  return found.map(entry => entry.name)
}
