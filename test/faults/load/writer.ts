// node test/faults/load/writer.ts FOLDER SEED: does the steps of a seed and writes a line with its number after each.
import fs from 'node:fs'
import { applyStep, bytesOfWrite, type Model, type Step, stepsOf } from './step.ts'

const [folder = '', seed = ''] = process.argv.slice(2)
const model: Model = new Map()
let wanted = true
process.on('SIGTERM', () => {
  wanted = false
})
// A test that is gone reads no more lines.
process.stdout.on('error', () => process.exit(1))

let number = 0
for (const step of stepsOf(Number(seed), model)) {
  try {
    run(step)
  } catch (error) {
    await tell(`failed ${JSON.stringify(step)}: ${String(error)}`)
    process.exit(1)
  }
  applyStep(model, step)
  number += 1
  await tell(`${number}`)
  // A signal is heard only between two turns of the event loop.
  await new Promise(resolve => setImmediate(resolve))
  if (!wanted) process.exit(0)
}

function tell(line: string): Promise<void> {
  return new Promise(resolve => process.stdout.write(`${line}\n`, () => resolve()))
}

function run(step: Step): void {
  const path = `${folder}/${step.path}`
  switch (step.kind) {
    case 'write':
      return withFile(path, fs.constants.O_CREAT | fs.constants.O_WRONLY, fd => writeAll(fd, step))
    case 'truncate':
      return fs.truncateSync(path, step.size)
    case 'sync':
      return withFile(path, fs.constants.O_RDONLY, fd => fs.fsyncSync(fd))
    case 'rename':
      return fs.renameSync(path, `${folder}/${step.to}`)
    case 'link':
      return fs.linkSync(path, `${folder}/${step.to}`)
    case 'symlink':
      return fs.symlinkSync(step.target, path)
    case 'mkdir':
      return fs.mkdirSync(path)
    case 'rmdir':
      return fs.rmdirSync(path)
    default:
      return fs.rmSync(path)
  }
}

function withFile(path: string, flags: number, use: (fd: number) => void): void {
  const fd = fs.openSync(path, flags, 0o644)
  try {
    use(fd)
  } finally {
    fs.closeSync(fd)
  }
}

function writeAll(fd: number, step: Extract<Step, { kind: 'write' }>): void {
  const bytes = bytesOfWrite(step)
  for (let done = 0; done < bytes.byteLength; ) {
    done += fs.writeSync(fd, bytes, done, bytes.byteLength - done, step.at + done)
  }
}
