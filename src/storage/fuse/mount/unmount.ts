import { fault } from '../faults.ts'
import { COMMAND_MS_MAX } from '../limits.ts'
import { type CommandResult, runCommand } from './command.ts'
import { findMount } from './mountinfo.ts'

/**
 * Unmounts; nothing to do is fine. While programs use the mount it is taken out of the tree at once and ends with
 * the last of them. Faults: UnmountFailed.
 */
export async function unmount(target: string): Promise<void> {
  if (findMount(target) === undefined) return
  const gentle = await umount(target, 'gentle')
  if (gentle.kind === 'done' || findMount(target) === undefined) return
  const lazy = await umount(target, 'lazy')
  if (lazy.kind === 'done' || findMount(target) === undefined) return
  throw fault('UnmountFailed', `unmounting ${target} failed: ${lazy.message}`, {
    hint: `As root: umount -l ${target}`,
  })
}

/** Takes a mount out of the tree at once. */
export function umount(target: string, how: 'gentle' | 'lazy'): Promise<CommandResult> {
  const options = { timeoutMs: COMMAND_MS_MAX }
  const lazy = how === 'lazy'
  if (process.geteuid?.() === 0) return runCommand('umount', ['-i', ...(lazy ? ['-l'] : []), '--', target], options)
  return runCommand('fusermount3', ['-u', ...(lazy ? ['-z'] : []), '--', target], options)
}
