import fs from 'node:fs'

/** One line of /proc/self/mountinfo (proc(5)): what we need of it. */
export interface MountEntry {
  /** `MAJOR:MINOR` of the filesystem. */
  readonly device: string
  readonly target: string
  readonly kind: string
  readonly source: string
}

/** The topmost mount at a path, as the kernel lists it; reading the list touches no mount. */
export function findMount(target: string): MountEntry | undefined {
  return parseMountinfo(fs.readFileSync('/proc/self/mountinfo', 'utf8')).findLast(entry => entry.target === target)
}

/** Reads mountinfo lines: `36 35 98:0 / /mnt rw,noatime shared:1 - ext3 /dev/root rw`. */
export function parseMountinfo(text: string): MountEntry[] {
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const [before = '', behind = ''] = line.split(' - ', 2)
      const [, , device = '', , target = ''] = before.split(' ')
      const [kind = '', source = ''] = behind.split(' ')
      return { device, target: unescapeOctal(target), kind, source: unescapeOctal(source) }
    })
}

// Space, tab, newline and backslash are written as three octal digits.
function unescapeOctal(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_all, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}
