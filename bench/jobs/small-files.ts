import { randomFillSync } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { type Figures, type JobInput, timed, timedEach } from './job.ts'

/** Makes a folder with `count` files of `bytes` each, all different. */
export function createFiles({ path, count = 0, bytes = 0 }: JobInput): Figures {
  mkdirSync(path)
  const write = writer(path, bytes)
  return timedEach(count, index => closeSync(write(index)))
}

/** The same with an fsync of each file before it is closed. */
export function createFilesSynced({ path, count = 0, bytes = 0 }: JobInput): Figures {
  mkdirSync(path)
  const write = writer(path, bytes)
  return timedEach(count, index => {
    const file = write(index)
    fsyncSync(file)
    closeSync(file)
  })
}

/** Asks for the attributes of each of `count` files by its known name. */
export function statFiles({ path, count = 0 }: JobInput): Figures {
  return timed(count, () => {
    for (let index = 0; index < count; index++) lstatSync(fileIn(path, index))
  })
}

/** Lists a folder and asks for the attributes of each name in it. */
export function scanFiles({ path, count = 0 }: JobInput): Figures {
  return timed(count, () => {
    const names = readdirSync(path)
    for (const name of names) lstatSync(`${path}/${name}`)
    if (names.length !== count) throw new Error(`${path} lists ${names.length} names, not ${count}`)
  })
}

/** Lists the names of a folder. */
export function listFolder({ path, count = 0 }: JobInput): Figures {
  return timed(count, () => {
    const { length } = readdirSync(path)
    if (length !== count) throw new Error(`${path} lists ${length} names, not ${count}`)
  })
}

/** Reads each of `count` files to its end. */
export function readFiles({ path, count = 0, bytes = 0 }: JobInput): Figures {
  return timed(count, () => {
    for (let index = 0; index < count; index++) {
      if (readFileSync(fileIn(path, index)).length !== bytes) throw new Error(`file ${index} has not ${bytes} bytes`)
    }
  })
}

/** Removes each of `count` files. */
export function unlinkFiles({ path, count = 0 }: JobInput): Figures {
  return timed(count, () => {
    for (let index = 0; index < count; index++) unlinkSync(fileIn(path, index))
  })
}

function writer(folder: string, bytes: number): (index: number) => number {
  const buffer = randomFillSync(Buffer.alloc(Math.max(bytes, 4)))
  return index => {
    const file = openSync(fileIn(folder, index), 'wx')
    buffer.writeUInt32LE(index, 0)
    if (bytes > 0) writeSync(file, buffer, 0, bytes, 0)
    return file
  }
}

function fileIn(folder: string, index: number): string {
  return `${folder}/file-${index}`
}
