import fs from 'node:fs'
import { isWithin } from './real-path.ts'

/** A mount of this machine. */
export interface MachineMount {
  readonly path: string
  /** Such as `ext4` or `fuse.cairn`. */
  readonly type: string
  readonly source: string
  /** `major:minor` of the mounted filesystem, which also names it under /sys/fs/fuse/connections. */
  readonly device: string
}

/** All mounts this process sees, later ones on top of earlier ones. Reading the table touches none of them. */
export function readMounts(): readonly MachineMount[] {
  return parseMountInfo(fs.readFileSync('/proc/self/mountinfo', 'latin1'))
}

/** True for a mount that a Cairn of this machine serves. */
export function isCairnMount({ type }: MachineMount): boolean {
  return type === 'fuse.cairn'
}

/** The mount that a path lies in. */
export function mountOf(path: string, mounts = readMounts()): MachineMount | undefined {
  const around = mounts.filter(mount => isWithin(path, mount.path))
  return around.sort((a, b) => a.path.length - b.path.length).at(-1)
}

/** Other places where the filesystem mounted at a path is shown, by `mount --bind`; the last one first. */
export function boundElsewhere(path: string, mounts = readMounts()): readonly string[] {
  const device = mounts.findLast(mount => mount.path === path)?.device
  const others = mounts.filter(mount => mount.device === device && mount.path !== path)
  return others.map(mount => mount.path).reverse()
}

/** Reads /proc/PID/mountinfo (proc_pid_mountinfo(5)). */
export function parseMountInfo(text: string): readonly MachineMount[] {
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const [before = '', after = ''] = line.split(' - ')
      const [, , device = '', , path = ''] = before.split(' ')
      const [type = '', source = ''] = after.split(' ')
      return { path: unescaped(path), type, source: unescaped(source), device }
    })
}

// Space, tab, newline and backslash stand as octal; the rest are raw bytes.
function unescaped(field: string): string {
  const bytes = field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
