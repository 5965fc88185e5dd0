import type { Scenario } from '../scenario.ts'
import { growth } from './growth.ts'
import { largeFile } from './large-file.ts'
import { largeFolder } from './large-folder.ts'
import { memory } from './memory.ts'
import { npmInstall } from './npm-install.ts'
import { realTree } from './real-tree.ts'
import { smallFiles } from './small-files.ts'
import { snapshots } from './snapshots.ts'
import { syncedFiles } from './synced-files.ts'

/** Every scenario, in the order they run and are shown. */
export const scenarios: readonly Scenario[] = [
  largeFile,
  smallFiles,
  syncedFiles,
  realTree,
  npmInstall,
  largeFolder,
  snapshots,
  memory,
  growth,
]
