import fs from 'node:fs'
import path from 'node:path'
import { isSystemError } from '#base'
import { fault } from '../faults.ts'
import { COMMAND_MS_MAX, TRANSFER_BYTES_MAX } from '../limits.ts'
import { requireFuse } from './availability.ts'
import { runCommand } from './command.ts'
import { mountAsUser } from './fusermount.ts'

/** What to mount, and where. */
export interface MountOptions {
  /** An absolute path of an existing folder. */
  readonly target: string
  /** The name shown in the list of mounts; letters, digits, `-`, `_`, `.`. */
  readonly source: string
  readonly readOnly?: boolean | undefined
  /** Other users may use the mount. Root's always; a user's only when /etc/fuse.conf has `user_allow_other`. */
  readonly allowOther?: boolean | undefined
}

/** A mount that waits to be served. It lives as long as some process holds the descriptor. */
export interface MountHandle {
  readonly fd: number
  readonly target: string
  readonly allowOther: boolean
}

/**
 * Mounts a FUSE filesystem: as root with mount(8), as an ordinary user with fusermount3. The descriptor goes to
 * whoever serves it, and to the next one after a restart. Does not touch what it mounted.
 * Faults: FuseUnavailable, MountFailed, TargetInvalid.
 */
export async function mountFuse(options: MountOptions): Promise<MountHandle> {
  checkOptions(options)
  requireFuse()
  return process.geteuid?.() === 0 ? await mountAsRoot(options) : await mountAsUser(options)
}

async function mountAsRoot(options: MountOptions): Promise<MountHandle> {
  const fd = fs.openSync('/dev/fuse', fs.constants.O_RDWR | fs.constants.O_NONBLOCK)
  const words = [
    'fd=3,rootmode=40000,user_id=0,group_id=0,default_permissions',
    `max_read=${TRANSFER_BYTES_MAX}`,
    options.allowOther === false ? '' : 'allow_other',
    options.readOnly === true ? 'ro' : 'rw',
  ]
  const flags = words.filter(word => word !== '').join(',')
  // -c: the source is a name, and no path to look for.
  const result = await runCommand(
    'mount',
    ['-i', '-c', '-t', 'fuse.cairn', '-o', flags, options.source, options.target],
    {
      timeoutMs: COMMAND_MS_MAX,
      stdio: ['ignore', 'ignore', 'pipe', fd],
    },
  )
  if (result.kind === 'done') return { fd, target: options.target, allowOther: options.allowOther !== false }
  fs.closeSync(fd)
  throw fault('MountFailed', `mounting ${options.target} failed: ${result.message}`, {
    hint: 'Check that this process may mount (CAP_SYS_ADMIN).',
  })
}

function checkOptions({ target, source }: MountOptions): void {
  if (!path.isAbsolute(target)) throw fault('TargetInvalid', `the mount point ${target} is not an absolute path`)
  if (!/^[\w.-]+$/.test(source)) throw fault('TargetInvalid', `the mount's name ${source} has unusual characters`)
  const kind = kindOfTarget(target)
  if (kind === 'folder') return
  throw fault('TargetInvalid', `the mount point ${target} is ${kind}`, {
    hint: kind === 'a dead mount' ? `Unmount it first: umount -l ${target}` : 'Name an existing folder.',
  })
}

function kindOfTarget(target: string): 'folder' | 'missing' | 'not a folder' | 'a dead mount' {
  try {
    return fs.statSync(target).isDirectory() ? 'folder' : 'not a folder'
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return 'missing'
    if (isSystemError(error, 'ENOTDIR')) return 'not a folder'
    if (isSystemError(error, 'ENOTCONN')) return 'a dead mount'
    throw error
  }
}
