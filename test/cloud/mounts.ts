import { spawnSync } from 'node:child_process'
import { accessSync, constants, readFileSync } from 'node:fs'

/** Why nothing can be mounted here; false when it can. The `skip` of a test. */
export function whyNoFuse(): string | false {
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK)
    return false
  } catch (error) {
    return `FUSE is unavailable: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** How many mounts lie on a folder. Reads the table, touches none of them. */
export function mountsAt(folder: string): number {
  const table = readFileSync('/proc/self/mountinfo', 'utf8')
  return table.split('\n').filter(line => line.split(' ')[4] === folder).length
}

/** Takes away whatever is still mounted on a folder, dead or alive. */
export function detach(folder: string): void {
  const [program = '', ...options] = process.geteuid?.() === 0 ? ['umount', '-l'] : ['fusermount3', '-uz']
  for (let left = mountsAt(folder); left > 0; left -= 1) spawnSync(program, [...options, folder], { stdio: 'ignore' })
}
