import type { CaseTable } from './case.ts'
import { aclCases } from './cases/acl.ts'
import { chmod } from './cases/chmod.ts'
import { directory } from './cases/directory.ts'
import { link } from './cases/link.ts'
import { locks } from './cases/locks.ts'
import { mkdir } from './cases/mkdir.ts'
import { mmap } from './cases/mmap.ts'
import { open } from './cases/open.ts'
import { path } from './cases/path.ts'
import { rename } from './cases/rename.ts'
import { copyFileRange, fallocate, holes, statfs } from './cases/space.ts'
import { special } from './cases/special.ts'
import { times } from './cases/times.ts'
import { unlink } from './cases/unlink.ts'
import { truncate, write } from './cases/write.ts'
import { xattr } from './cases/xattr.ts'

/** Every group of the suite by name; each is run in a process of its own. */
export const GROUPS: Readonly<Record<string, CaseTable>> = {
  path,
  open,
  mkdir,
  unlink,
  rename,
  link,
  chmod,
  write,
  truncate,
  fallocate,
  holes,
  'copy-file-range': copyFileRange,
  mmap,
  times,
  xattr,
  acl: aclCases,
  locks,
  special,
  directory,
  statfs,
}
