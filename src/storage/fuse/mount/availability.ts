import fs from 'node:fs'
import path from 'node:path'
import { isSystemError } from '#base'
import { fault } from '../faults.ts'

/** Whether this machine and user can mount; if not, what is missing and what to do about it. */
export type FuseAvailability =
  | { readonly kind: 'available' }
  | {
      readonly kind: 'missing'
      readonly what: 'device' | 'permission' | 'fusermount3'
      readonly message: string
      readonly hint: string
    }

/** Looks for what mounting needs. */
export function fuseAvailability(): FuseAvailability {
  return deviceProblem() ?? helperProblem() ?? { kind: 'available' }
}

/** Throws when mounting cannot work. Faults: FuseUnavailable. */
export function requireFuse(): void {
  const answer = fuseAvailability()
  if (answer.kind === 'missing') throw fault('FuseUnavailable', answer.message, { hint: answer.hint })
}

function deviceProblem(): FuseAvailability | undefined {
  try {
    fs.closeSync(fs.openSync('/dev/fuse', fs.constants.O_RDWR))
    return undefined
  } catch (error) {
    if (isSystemError(error, 'EACCES') || isSystemError(error, 'EPERM')) {
      const hint = 'As root: chmod 0666 /dev/fuse (in a container: give it the device).'
      return { kind: 'missing', what: 'permission', message: '/dev/fuse may not be opened by this user', hint }
    }
    if (!isSystemError(error)) throw error
    const hint = 'As root: modprobe fuse (in a container: --device /dev/fuse).'
    return { kind: 'missing', what: 'device', message: `/dev/fuse cannot be opened (${error.code})`, hint }
  }
}

function helperProblem(): FuseAvailability | undefined {
  if (process.geteuid?.() === 0) return undefined
  const folders = (process.env['PATH'] ?? '').split(path.delimiter)
  if (folders.some(folder => fs.existsSync(path.join(folder, 'fusermount3')))) return undefined
  const hint = 'Install it: apt-get install --no-install-recommends fuse3'
  return { kind: 'missing', what: 'fusermount3', message: 'fusermount3 is not installed', hint }
}
