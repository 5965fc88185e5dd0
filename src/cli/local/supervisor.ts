import fs from 'node:fs'
import { isSystemError } from '#base'
import { pidFileOf, startTicksOf } from '#rpc'

/** The process id of the supervisor that runs on a data folder; undefined when none does. */
export function runningSupervisor(dataFolder: string): number | undefined {
  const [pid, ticks] = (readText(pidFileOf(dataFolder)) ?? '').trim().split(' ').map(Number)
  if (pid === undefined || !Number.isSafeInteger(pid) || pid <= 0) return undefined
  const stat = readText(`/proc/${pid}/stat`)
  // The id may belong to another process by now: it is ours only with the same time of birth.
  return stat !== undefined && startTicksOf(stat) === ticks ? pid : undefined
}

/** Asks a process to end. */
export function askToEnd(pid: number): void {
  process.kill(pid, 'SIGTERM')
}

function readText(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'latin1')
  } catch (error) {
    if (isSystemError(error)) return undefined
    throw error
  }
}
