import { randomFillSync } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs'
import { type Figures, type JobInput, scattered, timed, timedEach } from './job.ts'

const MIB = 1 << 20
const BLOCK = 4096

/** Writes a new file of `bytes` in calls of 1 MiB, random and without repetition, and syncs it. */
export function writeLarge({ path, bytes = 0 }: JobInput): Figures {
  const buffer = randomFillSync(Buffer.alloc(MIB))
  return timed(bytes / MIB, () => {
    const file = openSync(path, 'w')
    for (let at = 0; at < bytes; at += MIB) {
      for (let block = 0; block < MIB; block += BLOCK) buffer.writeDoubleLE(at + block, block)
      writeSync(file, buffer, 0, MIB, at)
    }
    fsyncSync(file)
    closeSync(file)
  })
}

/** Reads a file from beginning to end in calls of 1 MiB. */
export function readLarge({ path, bytes = 0 }: JobInput): Figures {
  const buffer = Buffer.alloc(MIB)
  return timed(bytes / MIB, () => {
    const file = openSync(path, 'r')
    let read = 0
    for (let more = -1; more !== 0; read += more) more = readSync(file, buffer, 0, MIB, read)
    closeSync(file)
    if (read !== bytes) throw new Error(`${path} has ${read} bytes, not ${bytes}`)
  })
}

/** Reads `count` blocks of 4 KiB anywhere in a file of `bytes`. */
export function readRandom({ path, bytes = 0, count = 0 }: JobInput): Figures {
  const buffer = Buffer.alloc(BLOCK)
  const next = scattered(bytes / BLOCK)
  const file = openSync(path, 'r')
  const figures = timedEach(count, () => void readSync(file, buffer, 0, BLOCK, next() * BLOCK))
  closeSync(file)
  return figures
}

/** Writes `count` blocks of 4 KiB anywhere in a file of `bytes`, and syncs the file after each. */
export function writeRandomSynced({ path, bytes = 0, count = 0 }: JobInput): Figures {
  const buffer = randomFillSync(Buffer.alloc(BLOCK))
  const next = scattered(bytes / BLOCK)
  const file = openSync(path, 'r+')
  const figures = timedEach(count, index => {
    buffer.writeUInt32LE(index, 0)
    writeSync(file, buffer, 0, BLOCK, next() * BLOCK)
    fsyncSync(file)
  })
  closeSync(file)
  return figures
}
