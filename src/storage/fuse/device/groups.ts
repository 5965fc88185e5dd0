import { readFileSync } from 'node:fs'

/** The further groups of a thread (proc_pid_status(5)); none when it is gone, or has no number here. */
export function groupsOf(pid: number): readonly number[] {
  if (pid === 0) return []
  try {
    const groups = /^Groups:\t([\d ]*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? ''
    return groups
      .split(' ')
      .filter(group => group !== '')
      .map(Number)
  } catch {
    return []
  }
}
