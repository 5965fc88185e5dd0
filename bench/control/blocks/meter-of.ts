import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { type Blocks, blocksFile } from './blocks-file.ts'

/** What a Cairn whose blocks are measured has in its environment. */
export function meterEnv(folder: string): NodeJS.ProcessEnv {
  const meter = process.env['CAIRN_BENCH_METER'] ?? pathToFileURL(join(import.meta.dirname, 'meter.ts')).href
  return { CAIRN_BENCH_BLOCKS: folder, NODE_OPTIONS: `--import=${meter}` }
}

/** What kept others waiting in the control process since this was asked the last time. */
export async function longestBlocks(folder: string, pids: readonly number[], signal: AbortSignal): Promise<Blocks> {
  const control = pids.find(pid => readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes('control'))
  if (control === undefined) throw new Error('there is no control process')
  const file = blocksFile(folder)
  rmSync(file, { force: true })
  await delay(50, undefined, { signal }) // the turn that ends just now
  process.kill(control, 'SIGUSR2')
  while (!existsSync(file)) await delay(5, undefined, { signal })
  return JSON.parse(readFileSync(file, 'utf8')) as Blocks
}
