import { execFile, spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { flushCompileCache, getCompileCacheDir } from 'node:module'
import { promisify } from 'node:util'
import { FLAGS } from './supervisor/flags.ts'

const CAIRN = new URL('./cairn.ts', import.meta.url).pathname
const COMPILE_MS_MAX = 60_000

/**
 * Has everything compiled when this process had to compile something itself: once after each update. Who compiles TypeScript in
 * its own process has the compiler in memory as long as it runs, some 20 MB.
 */
export function compileOnce(): void {
  if (hasCompiled()) spawnSync(process.execPath, [CAIRN, 'compile'], { stdio: 'ignore', timeout: COMPILE_MS_MAX })
}

/** Compiles what processes that run for long load, each with its flags. What fails is compiled by whom it is for. */
export async function compileAll(): Promise<void> {
  const runs = Object.entries(FLAGS).map(([kind, flags]) =>
    promisify(execFile)(process.execPath, [...flags, CAIRN, 'compile', kind], { timeout: COMPILE_MS_MAX }),
  )
  await Promise.allSettled(runs)
}

// Node tells nobody, but what it writes down then is a new file.
function hasCompiled(): boolean {
  const folder = getCompileCacheDir()
  if (folder === undefined) return false
  const before = changedMs(folder)
  flushCompileCache()
  return changedMs(folder) !== before
}

function changedMs(folder: string): number | undefined {
  return statSync(folder, { throwIfNoEntry: false })?.mtimeMs
}
