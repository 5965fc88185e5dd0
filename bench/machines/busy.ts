import { readFileSync } from 'node:fs'

const TICKS_PER_SECOND = 100
/** Columns of /proc/stat in which a processor worked, for whomever: user, nice, system, irq, softirq, steal (proc(5)). */
const WORKED = [1, 2, 3, 6, 7, 8]

/** Seconds that all processors together have worked since the start. */
export function busySeconds(): number {
  const fields = (readFileSync('/proc/stat', 'latin1').split('\n')[0] ?? '').split(/\s+/).map(Number)
  return WORKED.reduce((sum, column) => sum + (fields[column] ?? 0), 0) / TICKS_PER_SECOND
}
