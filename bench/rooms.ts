import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')

/** Runs the benchmarks of the rooms (`x.bench.ts`), all or those whose path contains `wanted`; true when all ended well. */
export async function runRooms(wanted: string, signal: AbortSignal): Promise<boolean> {
  const files = globSync('src/**/*.bench.ts', { cwd: ROOT })
    .filter(file => file.includes(wanted))
    .sort()
  if (files.length === 0) {
    console.error(`bench: no room has a benchmark whose path contains "${wanted}"`)
    return false
  }
  let isGood = true
  for (const file of files) {
    console.log(`== ${file}`)
    const child = spawn(process.execPath, ['--expose-gc', file], { cwd: ROOT, stdio: 'inherit', signal })
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', resolve)
    })
    if (code !== 0) isGood = false
  }
  return isGood
}
