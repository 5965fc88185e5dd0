import fs from 'node:fs'
import { isSystemError } from '#base'
import { BUSY_NAMED_MAX } from '../limits.ts'

/** Programs with a folder or file open below a mount, such as `bash (4711)`. Reads only /proc, never the mount. */
export function usersOfMount(mountPath: string): readonly string[] {
  const users: string[] = []
  for (const pid of fs.readdirSync('/proc')) {
    if (!/^[0-9]+$/.test(pid)) continue
    if (linksOf(pid).some(target => target === mountPath || target.startsWith(`${mountPath}/`))) {
      users.push(`${nameOf(pid)} (${pid})`)
    }
    if (users.length === BUSY_NAMED_MAX) break
  }
  return users
}

function linksOf(pid: string): string[] {
  const folder = `/proc/${pid}/fd`
  const files = quietly(() => fs.readdirSync(folder).map(name => `${folder}/${name}`)) ?? []
  const links = [`/proc/${pid}/cwd`, `/proc/${pid}/root`, `/proc/${pid}/exe`, ...files]
  return links.flatMap(link => quietly(() => [fs.readlinkSync(link)]) ?? [])
}

function nameOf(pid: string): string {
  return quietly(() => fs.readFileSync(`/proc/${pid}/comm`, 'utf8').trim()) ?? 'a program'
}

// Processes end while they are looked at, and those of other people are closed to us.
function quietly<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch (error) {
    if (isSystemError(error)) return undefined
    throw error
  }
}
