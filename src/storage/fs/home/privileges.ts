import * as keys from '../keys.ts'
import type { Change, MutableInode } from './change.ts'

/** Clears setuid, setgid where the group may execute, and file capabilities, as the kernel does on a write. */
export function killPrivileges(change: Change, inode: MutableInode): void {
  if (inode.kind === 'directory') return
  inode.mode &= ~S_ISUID
  if ((inode.mode & S_IXGRP) !== 0) inode.mode &= ~S_ISGID
  if (inode.hasXattrs) change.delete(keys.xattrKey(inode.ino, CAPABILITY))
}

const S_ISUID = 0o4000
const S_ISGID = 0o2000
const S_IXGRP = 0o010
const CAPABILITY = 'security.capability'
