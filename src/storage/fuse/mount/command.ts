import { type SpawnOptions, spawn } from 'node:child_process'

/** How a command ended. `missing`: there is no such program. `late`: it was stopped after its time. */
export interface CommandResult {
  readonly kind: 'done' | 'failed' | 'missing' | 'late'
  /** What it wrote to standard error. */
  readonly message: string
}

/** Runs a program without blocking this process, which may be serving the mount the program touches. */
export function runCommand(
  program: string,
  words: readonly string[],
  { timeoutMs, ...options }: SpawnOptions & { readonly timeoutMs: number },
): Promise<CommandResult> {
  return new Promise(resolve => {
    const environment = { ...(options.env ?? process.env), LC_ALL: 'C' }
    const stdio = options.stdio ?? ['ignore', 'ignore', 'pipe']
    const child = spawn(program, words, { ...options, stdio, env: environment })
    let message = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      message += text
    })
    const late = setTimeout(() => {
      child.kill('SIGKILL')
      resolve({ kind: 'late', message: `${program} took longer than ${timeoutMs} ms` })
    }, timeoutMs)
    child.on('error', error => {
      clearTimeout(late)
      resolve({ kind: 'missing', message: error.message })
    })
    child.on('close', code => {
      clearTimeout(late)
      resolve({ kind: code === 0 ? 'done' : 'failed', message: message.trim() })
    })
  })
}
