import { existsSync, mkdtempSync, readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { endLeftCairn } from './targets/cairn.ts'
import { mountedFolders } from './targets/processes.ts'
import { unmount } from './targets/program.ts'

const PREFIX = 'cairn-bench-'

/** Makes the folder of one run, after what killed runs left in the same place is taken down. */
export async function openHome(folder: string): Promise<string> {
  for (const name of readdirSync(folder)) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1]
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) await takeDown(join(folder, name))
  }
  return mkdtempSync(join(folder, `${PREFIX}${process.pid}-`))
}

async function takeDown(home: string): Promise<void> {
  await endLeftCairn(join(home, 'cairn'))
  // Mount programs end when they are unmounted; daemons have ended with the run.
  for (const mount of mountedFolders().filter(each => each.startsWith(`${home}/`))) await unmount(mount)
  await rm(home, { recursive: true, force: true })
}
