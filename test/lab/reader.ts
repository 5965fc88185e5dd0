import type { TestLab } from './lab.ts'

/** How reads went on a machine: the longest time between two that were answered, in milliseconds. */
export interface Pauses {
  /** Of a file that was open all the time. */
  readonly open: number
  /** Of files that were opened and read here before: each is opened anew. */
  readonly known: number
  /** Of files that nobody here had looked at. */
  readonly fresh: number
  readonly errors: readonly string[]
  /** How many reads there were of each kind. */
  readonly counts: Readonly<Record<'open' | 'known' | 'fresh', number>>
}

/** What a reader reads, and for how long: `FOLDER/known/N` and `FOLDER/fresh/N`, from 0 on. */
export interface Reading {
  readonly folder: string
  readonly known: number
  readonly fresh: number
  readonly ms: number
}

/** Writes what a reader needs, each file synced, and waits until it is sealed: nothing of it changes any more. */
export async function writeForReaders(lab: TestLab, machine: string, reading: Omit<Reading, 'ms'>): Promise<void> {
  const { code, err } = await lab.run(machine, process.execPath, '--no-warnings', '-e', WRITER, JSON.stringify(reading))
  if (code !== 0) throw new Error(err)
  const last = `${reading.folder.slice(MOUNT.length)}/fresh/${reading.fresh - 1}`
  await lab.until('the files to be sealed', async () => {
    return /^content +sealed$/m.test((await lab.cairn(machine, 'fs', 'stat', last)).out)
  })
}

/** Reads on a machine past every cache of the kernel; `began` is called when it has looked at what it shall know. */
export async function readOn(lab: TestLab, machine: string, reading: Reading, began: () => void): Promise<Pauses> {
  const mark = `/tmp/reading-${machine}`
  const words = [process.execPath, '--no-warnings', '-e', READER, JSON.stringify({ ...reading, mark })]
  const done = lab.run(machine, ...words)
  await lab.until(`the reader on ${machine}`, async () => (await lab.sh(machine, `cat ${mark}`)) === 'began')
  began()
  const { code, out, err } = await done
  if (code !== 0) throw new Error(err)
  return JSON.parse(out)
}

const MOUNT = '/mnt/cairn'

const WRITER = `
const fs = require('node:fs')
const { randomFillSync } = require('node:crypto')
const { folder, known, fresh } = JSON.parse(process.argv[1])
const block = Buffer.alloc(128 * 1024)
for (const [name, count] of [['known', known], ['fresh', fresh]]) {
  fs.mkdirSync(folder + '/' + name, { recursive: true })
  for (let i = 0; i < count; i++) fs.writeFileSync(folder + '/' + name + '/' + i, randomFillSync(block), { flush: true })
}`

// Each kind has a loop of its own, so that one that waits does not hold up another. It has begun when what is known is so for good: the
// first reads change access times, which machines tell each other a second later, and then ask anew.
const READER = `
const fs = require('node:fs/promises')
const { constants } = require('node:fs')
const { folder, known, fresh, ms, mark } = JSON.parse(process.argv[1])
const sleep = ms => new Promise(done => setTimeout(done, ms))
const flags = constants.O_RDONLY | constants.O_DIRECT
const errors = []
const counts = { open: 0, known: 0, fresh: 0 }
const readOf = async file => {
  const { bytesRead } = await file.read(Buffer.alloc(128 * 1024), 0, 128 * 1024, 0)
  if (bytesRead !== 128 * 1024) throw new Error('read ' + bytesRead)
}
const readAt = async name => {
  const file = await fs.open(folder + '/' + name, flags)
  try {
    await readOf(file)
  } finally {
    await file.close()
  }
}
const loop = async (kind, count, read) => {
  const endMs = performance.now() + ms
  let [lastMs, pauseMs] = [performance.now(), 0]
  for (let at = 0; performance.now() < endMs && at < count; at++) {
    await read(at).then(() => counts[kind]++, error => errors.push(kind + ' ' + at + ': ' + error.message))
    const nowMs = performance.now()
    pauseMs = Math.max(pauseMs, nowMs - lastMs)
    lastMs = nowMs
    await sleep(50)
  }
  return Math.round(pauseMs)
}
const all = async () => {
  for (let at = 0; at < known; at++) await readAt('known/' + at)
  const file = await fs.open(folder + '/known/0', flags)
  const pauses = await Promise.all([
    loop('open', Infinity, () => readOf(file)),
    loop('known', Infinity, async at => {
      if (at === 4 * known) await fs.writeFile(mark, 'began')
      await readAt('known/' + at % known)
    }),
    loop('fresh', fresh, at => readAt('fresh/' + at)),
  ])
  const [open, knownPause, freshPause] = pauses
  console.log(JSON.stringify({ open, known: knownPause, fresh: freshPause, errors, counts }))
}
all()`
