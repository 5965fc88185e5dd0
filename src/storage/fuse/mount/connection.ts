import fs from 'node:fs'
import { READAHEAD_KIB } from '../limits.ts'
import { findMount } from './mountinfo.ts'

/**
 * Ends a mount by force (fusectl): every waiting request fails with ECONNABORTED. False when there is no such mount
 * or this user may not.
 */
export function abortMount(target: string): boolean {
  const minor = findMount(target)?.device.split(':')[1]
  return minor !== undefined && tryWrite(`/sys/fs/fuse/connections/${minor}/abort`, '1')
}

/**
 * Raises how far the kernel reads ahead, once the session has agreed with the kernel. False when there is no such
 * mount or this user may not (root only): reading is slower then, not wrong.
 */
export function raiseReadahead(target: string): boolean {
  const device = findMount(target)?.device
  return device !== undefined && tryWrite(`/sys/class/bdi/${device}/read_ahead_kb`, `${READAHEAD_KIB}`)
}

function tryWrite(file: string, text: string): boolean {
  try {
    fs.writeFileSync(file, text)
    return true
  } catch {
    // Absent or not permitted: the answer is no.
    return false
  }
}
