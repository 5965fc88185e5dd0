import fs from 'node:fs'
import { isSystemError } from '#base'

/** Ends every process with `mark` (`NAME=VALUE`) in its environment, but this one. Answers how many there were. */
export function endMarked(mark: string): number {
  const pids = fs
    .readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(pid => pid !== process.pid && environmentOf(pid).includes(mark))
  for (const pid of pids) end(pid)
  return pids.length
}

// proc_pid_environ(5): as it was at the start. What ended meanwhile, or is the kernel's, has none.
function environmentOf(pid: number): readonly string[] {
  try {
    return fs.readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0')
  } catch (error) {
    if (isSystemError(error)) return []
    throw error
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (!isSystemError(error, 'ESRCH')) throw error
  }
}
