import { execFile } from 'node:child_process'
import { join } from 'node:path'

/** The program, as `bin/cairn` runs it. */
export const PROGRAM = join(import.meta.dirname, '..', '..', 'src', 'main', 'cairn.ts')

// Most tests need no API, and none may take the usual port or write the master key of this machine.
process.env['CAIRN_LISTEN'] ??= 'none'
// Tests make no interface on the machine they run on, but in namespaces of their own.
process.env['CAIRN_MESH'] ??= 'none'

/** What a Cairn that serves an API is started with in a test: a port of its own, and a master key in `folder`. */
export function apiEnvironment(folder: string): Readonly<Record<string, string>> {
  const free = '127.0.0.1:0'
  return { CAIRN_LISTEN: free, CAIRN_PEER_LISTEN: free, CAIRN_MASTER_KEY: join(folder, 'master.key') }
}

/** How a command ended. */
export interface CliResult {
  readonly code: number
  readonly out: string
  readonly err: string
}

const CLI_MS_MAX = 60_000
const OUTPUT_BYTES_MAX = 64 * 2 ** 20

/** Runs `cairn` with these words on a data folder until it ends; never throws because of its exit code. */
export function runCairn(
  data: string,
  words: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<CliResult> {
  const options = {
    env: { ...process.env, ...more, CAIRN_DATA: data },
    timeout: CLI_MS_MAX,
    killSignal: 'SIGKILL',
    maxBuffer: OUTPUT_BYTES_MAX,
  } as const
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [PROGRAM, ...words], options, (error, out, err) => {
      if (error === null) resolve({ code: 0, out, err })
      else if (typeof error.code === 'number') resolve({ code: error.code, out, err })
      else reject(new Error(`cairn ${words.join(' ')} did not end by itself: ${error.message}\n${err}`))
    })
  })
}
