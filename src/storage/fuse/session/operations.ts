import { OPCODE } from '../codec/opcodes.ts'
import * as attributes from './attributes.ts'
import * as contents from './contents.ts'
import * as entries from './entries.ts'
import { readlink } from './forgetting.ts'
import * as listings from './listings.ts'
import * as locks from './locks.ts'
import * as opening from './opening.ts'
import type { Operation } from './operation.ts'
import * as xattrs from './xattrs.ts'

/**
 * The operations by opcode. What is not here is answered ENOSYS, after which the kernel does not ask again and does
 * what it can itself: ACCESS (it checks permissions), BMAP, IOCTL, POLL, DAX mappings.
 */
export const OPERATIONS: ReadonlyMap<number, Operation<unknown>> = new Map([
  [OPCODE.LOOKUP, entries.lookup],
  [OPCODE.GETATTR, attributes.getattr],
  [OPCODE.SETATTR, attributes.setattr],
  [OPCODE.READLINK, readlink],
  [OPCODE.SYMLINK, entries.symlink],
  [OPCODE.MKNOD, entries.mknod],
  [OPCODE.MKDIR, entries.mkdir],
  [OPCODE.UNLINK, entries.unlink],
  [OPCODE.RMDIR, entries.rmdir],
  [OPCODE.RENAME, entries.rename],
  [OPCODE.LINK, entries.link],
  [OPCODE.OPEN, opening.open],
  [OPCODE.READ, contents.read],
  [OPCODE.WRITE, contents.write],
  [OPCODE.STATFS, attributes.statfs],
  [OPCODE.RELEASE, opening.release],
  [OPCODE.FSYNC, contents.fsync],
  [OPCODE.SETXATTR, xattrs.setxattr],
  [OPCODE.GETXATTR, xattrs.getxattr],
  [OPCODE.LISTXATTR, xattrs.listxattr],
  [OPCODE.REMOVEXATTR, xattrs.removexattr],
  [OPCODE.FLUSH, contents.flush],
  [OPCODE.OPENDIR, opening.opendir],
  [OPCODE.READDIR, listings.readdir],
  [OPCODE.RELEASEDIR, opening.release],
  [OPCODE.FSYNCDIR, contents.fsync],
  [OPCODE.GETLK, locks.getlk],
  [OPCODE.SETLK, locks.setlk],
  [OPCODE.SETLKW, locks.setlkw],
  [OPCODE.CREATE, opening.create],
  [OPCODE.FALLOCATE, contents.fallocate],
  [OPCODE.READDIRPLUS, listings.readdirplus],
  [OPCODE.RENAME2, entries.rename2],
  [OPCODE.LSEEK, contents.lseek],
  [OPCODE.COPY_FILE_RANGE, contents.copyFileRange],
  [OPCODE.SYNCFS, contents.syncfs],
  [OPCODE.TMPFILE, opening.tmpfile],
  [OPCODE.STATX, attributes.statx],
  [OPCODE.COPY_FILE_RANGE_64, contents.copyFileRange64],
])
