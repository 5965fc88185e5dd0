import assert from 'node:assert/strict'
import type { CliResult } from '../cloud/cli.ts'
import type { TestLab } from './lab.ts'

const WRITE_MS_MAX = 1_200_000

/** A tree of files, 100 in a folder. */
export interface Tree {
  readonly folder: string
  readonly files: number
  /** Of all files together, about. */
  readonly bytes: number
}

/** Writes a tree on a machine and says the sum of each file once it is synced, and when. */
export function writeTree(lab: TestLab, machine: string, { folder, files, bytes }: Tree): Promise<CliResult> {
  const words = [process.execPath, '--no-warnings', '-e', WRITER, folder, `${files}`, `${bytes}`]
  return lab.lab.try(lab.lab.machine(machine), words, AbortSignal.timeout(WRITE_MS_MAX))
}

// Sizes from a few hundred bytes to some hundred kilobytes, as in a folder of photos and notes.
const WRITER = `
const { createHash, randomFillSync } = require('node:crypto')
const fs = require('node:fs')
const [folder, files, bytes] = [process.argv[1], Number(process.argv[2]), Number(process.argv[3])]
fs.mkdirSync(folder)
const block = Buffer.alloc(1 << 20)
for (let i = 0; i < files; i++) {
  if (i % 100 === 0) fs.mkdirSync(folder + '/' + i / 100)
  const size = Math.max(200, Math.floor((bytes / files) * 2 * ((i * 7919) % 1000) / 1000))
  randomFillSync(block, 0, size)
  const name = Math.floor(i / 100) + '/' + i
  const file = fs.openSync(folder + '/' + name, 'wx')
  fs.writeSync(file, block, 0, size)
  fs.fsyncSync(file)
  fs.closeSync(file)
  const sum = createHash('sha256').update(block.subarray(0, size)).digest('hex')
  fs.writeSync(1, Math.round(performance.now()) + ' ' + sum + '  ' + name + '\\n')
}`

/** Lines as sha256sum takes them, and the longest time between two of them. */
export function acknowledged({ out }: CliResult): { readonly sums: readonly string[]; readonly gapMs: number } {
  const lines = out.split('\n').filter(line => /^\d+ [0-9a-f]{64} {2}\d+\/\d+$/.test(line))
  const times = lines.map(line => Number.parseInt(line, 10))
  const gaps = times.map((ms, i) => ms - (times[i - 1] ?? ms))
  return { sums: lines.map(line => line.slice(line.indexOf(' ') + 1)), gapMs: Math.max(0, ...gaps) }
}

/** Compares files on a machine with their sums. */
export async function sameTree(
  lab: TestLab,
  machine: string,
  { folder, sums }: { readonly folder: string; readonly sums: readonly string[] },
): Promise<void> {
  for (let at = 0; at < sums.length; at += 500) {
    const part = sums.slice(at, at + 500).join('\n')
    const check = `cd ${folder} && sha256sum --check --quiet - <<'SUMS'\n${part}\nSUMS\necho whole`
    assert.equal((await lab.sh(machine, check)).trim(), 'whole', machine)
  }
}
