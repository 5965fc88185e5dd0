import type { Command } from 'commander'
import type { Run } from '../../run.ts'
import { declareAccess } from './access.ts'
import { declareCreate } from './create.ts'
import { declareGc } from './gc.ts'
import { declareIds } from './ids.ts'
import { declareList } from './list.ts'
import { declareMount } from './mount.ts'
import { declarePromote } from './promote.ts'
import { declareQuota } from './quota.ts'
import { declareRm } from './rm.ts'
import { declareScrub } from './scrub.ts'
import { declareSnapshot } from './snapshot.ts'
import { declareStat } from './stat.ts'
import { declareUmount } from './umount.ts'

/** `cairn fs` */
export function declareFs(program: Command, run: Run): void {
  const fs = program.command('fs').description('make, mount, look at and look after filesystems')
  const declarations = [
    declareCreate,
    declareRm,
    declareList,
    declareMount,
    declareUmount,
    declareStat,
    declareSnapshot,
    declareAccess,
    declareIds,
    declarePromote,
  ]
  for (const declare of [...declarations, declareQuota, declareGc, declareScrub]) declare(fs, run)
}
