import fs from 'node:fs'
import path from 'node:path'
import { isSystemError } from '#base'

/**
 * The real path of something that may not exist yet: symlinks in the part that does are followed. It waits off the
 * event loop, for there may be a mount on the way. Errors are the system's own.
 */
export async function realPathOf(wanted: string): Promise<string> {
  try {
    return await fs.promises.realpath(wanted)
  } catch (error) {
    if (!isSystemError(error, 'ENOENT') || wanted === '/') throw error
    return path.join(await realPathOf(path.dirname(wanted)), path.basename(wanted))
  }
}

/** True when a path is a folder or something below it. */
export function isWithin(inner: string, folder: string): boolean {
  return inner === folder || folder === '/' || inner.startsWith(`${folder}/`)
}
