import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { filesystemOf } from '../targets/disk.ts'

/** Where and with what a run was made. */
export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memoryGiB: number
  readonly kernel: string
  readonly system: string
  readonly filesystem: string
  readonly node: string
  /** The commit of the checkout, with `+` when files were changed; empty outside git. */
  readonly commit: string
  readonly date: string
}

/** Describes this machine; `folder` is where it is measured. */
export function describeMachine(folder: string): Machine {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: `Linux ${release()}`,
    system: /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown',
    filesystem: filesystemOf(folder),
    node: process.version,
    commit: commit(),
    date: new Date().toISOString().slice(0, 10),
  }
}

function commit(): string {
  const git = (words: readonly string[]): string =>
    execFileSync('git', [...words], { cwd: import.meta.dirname, encoding: 'utf8', stdio: 'pipe' }).trim()
  try {
    return `${git(['rev-parse', '--short=12', 'HEAD'])}${git(['status', '--porcelain', '-uno']) === '' ? '' : '+'}`
  } catch {
    return '' // not a checkout, or no git
  }
}
