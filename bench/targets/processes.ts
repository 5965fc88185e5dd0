import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Clock ticks of /proc per second; fixed for programs, see time(7). */
const TICKS_PER_SECOND = 100

/** The process and everything it started that still has it as an ancestor. */
export function descendants(pid: number): readonly number[] {
  const parents = new Map(allPids().map(each => [each, parentOf(each)]))
  const found = new Set([pid])
  for (let grown = true; grown; ) {
    const before = found.size
    for (const [each, parent] of parents) if (parent !== undefined && found.has(parent)) found.add(each)
    grown = found.size > before
  }
  return [...found].filter(each => parents.get(each) !== undefined)
}

/** Every process in the network namespace of `pid`. */
export function sameNetwork(pid: number): readonly number[] {
  const wanted = networkOf(pid)
  return wanted === undefined ? [] : allPids().filter(each => networkOf(each) === wanted)
}

/** Memory of processes in bytes, shared pages divided among those that share them (PSS). */
export function pssBytes(pids: readonly number[]): number {
  return sum(pids, pid => {
    const kib = /^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1]
    return Number(kib ?? 0) * 1024
  })
}

/** Processor seconds the processes have used, in user and system mode. */
export function cpuSeconds(pids: readonly number[]): number {
  return sum(pids, pid => {
    const [user, system] = statFields(pid).slice(11, 13)
    return (Number(user ?? 0) + Number(system ?? 0)) / TICKS_PER_SECOND
  })
}

/** Columns of the first line of /proc/stat in which processors worked: user, nice, system, irq, softirq (proc(5)). */
const WORKED = [1, 2, 3, 6, 7]

/** Processor seconds that all programs and the kernel have used since the machine's start. */
export function busySeconds(): number {
  const fields = read('/proc/stat').split('\n')[0]?.split(/\s+/) ?? []
  return sum(WORKED, column => Number(fields[column] ?? 0)) / TICKS_PER_SECOND
}

/** Folders mounted now. */
export function mountedFolders(): readonly string[] {
  return read('/proc/self/mountinfo')
    .split('\n')
    .map(line => line.split(' ')[4] ?? '')
}

function allPids(): readonly number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
}

function parentOf(pid: number): number | undefined {
  const parent = statFields(pid)[1]
  return parent === undefined ? undefined : Number(parent)
}

/** Fields of proc(5) stat from the state on: the name before them may hold spaces. */
function statFields(pid: number): readonly string[] {
  const stat = read(`/proc/${pid}/stat`)
  return stat === '' ? [] : stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

function networkOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`)
  } catch {
    return undefined // ended meanwhile, or another user's
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return '' // ended meanwhile
  }
}

function sum(pids: readonly number[], of: (pid: number) => number): number {
  return pids.reduce((total, pid) => total + of(pid), 0)
}
