import fs from 'node:fs'
import { fault } from '../faults.ts'
import { COMMAND_MS_MAX, TRANSFER_BYTES_MAX } from '../limits.ts'
import { runCommand } from './command.ts'
import type { MountHandle, MountOptions } from './mount.ts'

/**
 * Mounts as an ordinary user: fusermount3 opens the device, mounts it and sends the descriptor back through the
 * socket named by _FUSE_COMMFD (libfuse, util/fusermount.c).
 */
export async function mountAsUser(options: MountOptions): Promise<MountHandle> {
  // Native code only here: a supervisor that is root never loads it.
  const { libc } = await import('../device/libc.ts')
  const [ours, theirs] = libc().socketPair()
  const allowOther = options.allowOther !== false && allowOtherPermitted()
  const flags = [
    `fsname=${options.source},subtype=cairn,default_permissions,max_read=${TRANSFER_BYTES_MAX}`,
    ...(allowOther ? ['allow_other'] : []),
    ...(options.readOnly === true ? ['ro'] : []),
  ].join(',')
  try {
    const result = await runCommand('fusermount3', ['-o', flags, '--', options.target], {
      timeoutMs: COMMAND_MS_MAX,
      env: { ...process.env, _FUSE_COMMFD: '3' },
      stdio: ['ignore', 'ignore', 'pipe', theirs],
    })
    if (result.kind !== 'done') throw refused(options.target, result.message)
    return { fd: libc().receiveFd(ours), target: options.target, allowOther }
  } finally {
    fs.closeSync(ours)
    fs.closeSync(theirs)
  }
}

/** True when /etc/fuse.conf lets users share their mounts. */
function allowOtherPermitted(): boolean {
  try {
    return /^\s*user_allow_other\s*$/m.test(fs.readFileSync('/etc/fuse.conf', 'utf8'))
  } catch {
    // No readable configuration: the default is no.
    return false
  }
}

function refused(target: string, message: string): Error {
  return fault('MountFailed', `mounting ${target} failed: ${message}`, {
    hint: 'Check that you own the folder and that fusermount3 is setuid root.',
  })
}
