import fs from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { LRUCache } from 'lru-cache'
import { assert, isSystemError } from '#base'
import { type JobFile, type JobFiles, runHash, runRead, runVerify, runWrite } from '../jobs.ts'
import type { Answer, Job, Reply, Request } from './protocol.ts'

// Runs inside a worker thread: one job after another, each to its end.

const FILES_MAX = 8

class ThreadFile implements JobFile {
  readonly #fd: number

  constructor(path: string) {
    this.#fd = fs.openSync(path, 'r+')
  }

  read(into: Uint8Array, position: number): number {
    let done = 0
    while (done < into.byteLength) {
      const count = fs.readSync(this.#fd, into, done, into.byteLength - done, position + done)
      if (count === 0) break
      done += count
    }
    return done
  }

  write(parts: readonly Uint8Array[], position: number): void {
    const wanted = parts.reduce((sum, part) => sum + part.byteLength, 0)
    const written = fs.writevSync(this.#fd, parts, position)
    if (written < wanted) this.#writeRest(Buffer.concat(parts), position, written)
  }

  close(): void {
    fs.closeSync(this.#fd)
  }

  // A short write is rare: a full disk, which throws ENOSPC here, or a signal.
  #writeRest(all: Buffer, position: number, written: number): void {
    for (let done = written; done < all.byteLength; ) {
      const count = fs.writeSync(this.#fd, all, done, all.byteLength - done, position + done)
      assert(count > 0, 'write made no progress')
      done += count
    }
  }
}

class ThreadFiles implements JobFiles {
  readonly #open = new LRUCache<string, ThreadFile>({ max: FILES_MAX, dispose: file => file.close() })

  file(path: string): ThreadFile {
    const open = this.#open.get(path)
    if (open !== undefined) return open
    const file = new ThreadFile(path)
    this.#open.set(path, file)
    return file
  }

  forget(path: string): void {
    this.#open.delete(path)
  }
}

const files = new ThreadFiles()

function run(job: Job): Answer {
  if (job.kind === 'hash') return runHash(job)
  if (job.kind === 'read') return runRead(files, job)
  if (job.kind === 'verify') return runVerify(files, job)
  if (job.kind === 'write') return runWrite(files, job)
  files.forget(job.path)
  return undefined
}

function answer({ id, job }: Request): Reply {
  try {
    return { id, ok: true, answer: run(job) }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const system = isSystemError(error) ? error : undefined
    return { id, ok: false, message, code: system?.code, errno: system?.errno }
  }
}

assert(parentPort !== null, 'this file runs in a worker thread')
const port = parentPort
port.on('message', (request: Request) => port.postMessage(answer(request)))
