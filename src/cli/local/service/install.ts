import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { isSystemError } from '#base'
import { cliFault } from '../../faults.ts'
import type { ServicePlan } from './plan.ts'

/** Writes the file of a service and starts it. Faults: Local. */
export async function installService(
  { file, content, mode, reload, install }: ServicePlan,
  signal: AbortSignal,
): Promise<void> {
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(`${file}.new`, content, { mode, flush: true })
    fs.chmodSync(`${file}.new`, mode)
    fs.renameSync(`${file}.new`, file)
  } catch (error) {
    throw notWritten(file, error)
  }
  for (const words of [...reload, ...install]) await runWords(words, signal)
}

/** Stops a service and removes its file. Faults: Local, Unknown (there is none). */
export async function removeService({ file, remove, reload }: ServicePlan, signal: AbortSignal): Promise<void> {
  if (!fs.existsSync(file)) {
    throw cliFault('Unknown', `Cairn is no service here: there is no ${file}`, {
      hint: 'To stop a Cairn that runs: cairn down',
    })
  }
  for (const words of remove) await runWords(words, signal)
  try {
    fs.rmSync(file)
  } catch (error) {
    throw notWritten(file, error)
  }
  for (const words of reload) await runWords(words, signal)
}

function notWritten(file: string, error: unknown): unknown {
  if (!isSystemError(error)) return error
  return cliFault('Local', `${file} cannot be changed: ${error.message}`, { hint: 'Run it as root.', cause: error })
}

async function runWords(words: readonly string[], signal: AbortSignal): Promise<void> {
  const [command = '', ...rest] = words
  const child = spawn(command, rest, { signal, stdio: ['ignore', 'inherit', 'inherit'] })
  const ended = Promise.withResolvers<string | undefined>()
  child.on('error', error => (signal.aborted ? ended.reject(signal.reason) : ended.resolve(error.message)))
  child.on('close', (code, by) => ended.resolve(code === 0 ? undefined : `it ended with ${code ?? by}`))
  const failed = await ended.promise
  if (failed === undefined) return
  throw cliFault('Local', `${words.join(' ')}: ${failed}`, { hint: 'See what it said above.' })
}
