import type { Clock } from '#base'
import { dataFolderOf, type Surroundings } from '#rpc'
import { absoluteLocal } from './local/paths.ts'
import type { Terminal } from './local/terminal.ts'

/** What the program around the command line gives it. */
export interface CliHost {
  readonly clock: Clock
  /** Version of this program. */
  readonly version: string
  /** Runs Cairn in the foreground until it ends. */
  up(options: UpOptions): Promise<void>
  /** The master key as words. */
  readonly key: KeyPhrases
}

/** The master key of this user as people keep it: 24 words. */
export interface KeyPhrases {
  show(): Promise<{ readonly file: string; readonly id: string; readonly phrase: string }>
  restore(phrase: string): Promise<{ readonly file: string; readonly id: string }>
}

/** What `cairn up` was told. */
export interface UpOptions {
  readonly data?: string | undefined
  readonly mount?: string | false | undefined
  /** Where the API listens, `HOST[:PORT]`, or `none`. */
  readonly listen?: string | undefined
  readonly requiresClientCertificate: boolean
  /** What is told goes to a program. */
  readonly isJson: boolean
}

/** What the commands work with. */
export interface Context {
  readonly host: CliHost
  readonly terminal: Terminal
  readonly around: Surroundings
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
  /** The options every command has. */
  readonly common: CommonOptions
}

/** Declared once on the program, understood everywhere. */
export interface CommonOptions {
  readonly data?: string | undefined
  readonly output: 'table' | 'json'
}

/** The data folder commands talk about, absolute. */
export function dataFolder({ common, around }: Context): string {
  return absoluteLocal(dataFolderOf(common.data, around))
}

/** Prints a result: the value for programs, the text for people. */
export function show({ common, terminal }: Context, value: unknown, text: () => string): void {
  terminal.out(common.output === 'json' ? `${JSON.stringify(value, plain, 2)}\n` : text())
}

// JSON has no 64-bit integers: times in nanoseconds become text.
function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
