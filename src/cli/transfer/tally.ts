import { type Fault, isFault, textOf } from '#base'
import { formatBytes, plural } from '../format.ts'
import { cliFault } from '../faults.ts'
import { FAILURES_SHOWN_MAX } from '../limits.ts'
import type { Terminal } from '../local/terminal.ts'
import { printable, shortened } from '../table.ts'

/** What a transfer has done so far. */
export class Tally {
  /** Files transferred, files that were there already, and the bytes that went over the wire. */
  files = 0
  skipped = 0
  /** What tells that a file is there already. */
  sameness: 'size and time' | 'content' = 'size and time'
  bytes = 0
  /** What there is to do, once it has been counted. */
  total: { readonly files: number; readonly bytes: number } | undefined
  /** Bytes dealt with so far, sent or there already: what the time left is reckoned from. */
  settledBytes = 0
  readonly notes: string[] = []
  readonly #failures: string[] = []
  #failed = 0
  #hint: string | undefined

  /** Keeps a failure of one file and lets the others go on; throws faults that all files would meet. */
  fail(path: string, error: unknown): void {
    if (!isFault(error) || FATAL.has(error.code)) throw error
    this.#failed += 1
    this.#hint = this.#failed === 1 ? error.hint : undefined
    if (this.#failures.length < FAILURES_SHOWN_MAX) this.#failures.push(failureLine(textOf(path), error.message))
  }

  /** Says that something was left out on purpose. */
  note(text: string): void {
    if (this.notes.length < FAILURES_SHOWN_MAX) this.notes.push(text)
  }

  /** Faults: Incomplete, naming the files that failed. */
  throwFailures(): void {
    if (this.#failed === 0) return
    const more = this.#failed - this.#failures.length
    const lines = [...this.#failures.map(printable), ...(more > 0 ? [`and ${more} more`] : [])]
    throw incomplete(`${plural(this.#failed, 'file')} could not be transferred:\n  ${lines.join('\n  ')}`, this.#hint)
  }

  /** One line about the whole. */
  summary(verb: string): string {
    const skipped = this.skipped === 0 ? '' : `, ${this.skipped} already there (same ${this.sameness})`
    return `${verb} ${plural(this.files, 'file')} (${formatBytes(this.bytes)})${skipped}; verified`
  }
}

/** Tells what was left out on purpose. */
export function tellNotes({ terminal }: { readonly terminal: Pick<Terminal, 'err'> }, { notes }: Tally): void {
  for (const note of notes) terminal.err(`note: ${printable(shortened(note))}\n`)
}

function failureLine(path: string, message: string): string {
  return message.startsWith(path) ? message : `${path}: ${message}`
}

// One failure has a remedy of its own.
function incomplete(message: string, hint = 'Run the same command again: what is done is not done twice.'): Fault {
  return cliFault('Incomplete', message, { hint })
}

// No later file would fare better.
const FATAL: ReadonlySet<string> = new Set(['NoSpace', 'Unreachable', 'Closed', 'Unsupported', 'Internal', 'BadFrame'])
