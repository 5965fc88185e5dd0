import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

/** Process ids of the living children of a process whose command line ends with `word`. */
export function childrenOf(parent: number, word: string): readonly number[] {
  return readdirSync('/proc')
    .filter(name => /^[0-9]+$/.test(name))
    .map(Number)
    .filter(pid => parentOf(pid) === parent && read(`/proc/${pid}/cmdline`)?.endsWith(`\0${word}\0`) === true)
}

/** True until the process has let go of everything it had open. */
export function isAlive(pid: number): boolean {
  return parentOf(pid) !== undefined
}

/** Resolves when a process is gone. */
export async function untilGone(pid: number, timeoutMs = 20_000): Promise<void> {
  await until(() => !isAlive(pid), { what: `process ${pid} to end`, timeoutMs })
}

/** What is waited for, for the message, and for how long at most. */
export interface Patience {
  readonly what: string
  readonly timeoutMs?: number | undefined
}

/** Looks again and again until something holds. */
export async function until(holds: () => boolean | Promise<boolean>, patience: Patience): Promise<void> {
  const { what, timeoutMs = 30_000 } = patience
  const deadline = performance.now() + timeoutMs
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`)
    await delay(10)
  }
}

// proc(5) stat, behind the name: state, parent. A zombie has closed its files and only waits to be counted.
function parentOf(pid: number): number | undefined {
  const stat = read(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return state === 'Z' || state === 'X' ? undefined : Number(parent)
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    // It ended while it was looked at.
    return undefined
  }
}
