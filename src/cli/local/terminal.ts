import os from 'node:os'
import type { Surroundings } from '#rpc'

/** Where a command writes. */
export interface Terminal {
  out(text: string): void
  err(text: string): void
  /** True when a person watches standard error. */
  readonly isWatched: boolean
  /** Characters of a line. */
  readonly columns: number
}

/** The terminal of this process. */
export const processTerminal: Terminal = {
  out: text => void process.stdout.write(text),
  err: text => void process.stderr.write(text),
  get isWatched() {
    return process.stderr.isTTY === true
  },
  get columns() {
    const { columns } = process.stderr
    return columns > 0 ? columns : 80 // some terminals say 0
  },
}

/** What decides where this user's Cairn keeps its data. */
export function surroundings(): Surroundings {
  return { env: process.env, isRoot: isRoot(), home: os.homedir() }
}

/** True for the superuser, who may keep the owners of files. */
export function isRoot(): boolean {
  return process.geteuid?.() === 0
}

/** Aborts the signal at the first Ctrl-C; the second one ends the process at once, as it always does. */
export function abortOnInterrupt(): AbortSignal & Disposable {
  const scope = new AbortController()
  const hear = () => scope.abort(new Error('interrupted'))
  process.once('SIGINT', hear)
  return Object.assign(scope.signal, { [Symbol.dispose]: () => void process.off('SIGINT', hear) })
}
