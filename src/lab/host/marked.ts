import fs from 'node:fs'
import { isSystemError } from '#base'

/** Ends every process with `mark` (`NAME=VALUE`) in its environment, but this one. Answers how many there were. */
export function endMarked(mark: string): number {
  const pids = pidsMarked(mark)
  for (const pid of pids) end(pid)
  return pids.length
}

/** The command lines of every process with `mark` (`NAME=VALUE`) in its environment, but this one. */
export function marked(mark: string): readonly string[] {
  return pidsMarked(mark).map(pid => wordsOf(pid, 'cmdline').join(' ').trimEnd())
}

// proc_pid_environ(5): as it was at the start.
function pidsMarked(mark: string): readonly number[] {
  return fs
    .readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(pid => pid !== process.pid && wordsOf(pid, 'environ').includes(mark))
}

// What ended meanwhile, or is the kernel's, has none.
function wordsOf(pid: number, file: 'cmdline' | 'environ'): readonly string[] {
  try {
    return fs.readFileSync(`/proc/${pid}/${file}`, 'latin1').split('\0')
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
