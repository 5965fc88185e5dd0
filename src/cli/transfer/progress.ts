import type { Context } from '../context.ts'
import { formatBytes, formatDuration } from '../format.ts'
import { PROGRESS_MS } from '../limits.ts'
import type { Tally } from './tally.ts'

/** Draws a transfer's progress on standard error while a person watches it. Disposing takes the line away. */
export function showProgress(context: Context, tally: Tally): AsyncDisposable {
  const { terminal, host } = context
  const over = new AbortController()
  const startMs = host.clock.monotonicMs()
  const drawing = terminal.isWatched ? draw() : Promise.resolve()
  return {
    async [Symbol.asyncDispose]() {
      over.abort()
      await drawing
      if (terminal.isWatched) terminal.err('\r\u001b[K')
    },
  }

  async function draw(): Promise<void> {
    while (!over.signal.aborted) {
      const line = progressLine(tally, host.clock.monotonicMs() - startMs)
      terminal.err(`\r${line.slice(0, Math.max(0, terminal.columns - 1))}\u001b[K`)
      await host.clock.sleep(PROGRESS_MS, over.signal).catch(() => undefined)
    }
  }
}

/** The progress line: files, bytes, rate, and the time left once the whole is known. */
export function progressLine(tally: Tally, elapsedMs: number): string {
  const { total, settledBytes, bytes } = tally
  const done = tally.files + tally.skipped
  const rate = elapsedMs < 500 ? '' : `  ${formatBytes(Math.round((bytes / elapsedMs) * 1000))}/s`
  if (total === undefined) return `${done} files  ${formatBytes(settledBytes)}${rate}`
  const share = total.bytes === 0 ? 1 : Math.min(1, settledBytes / total.bytes)
  const leftMs = share === 0 || elapsedMs < 500 ? undefined : (elapsedMs / share) * (1 - share)
  const left = leftMs === undefined ? '' : `  ${formatDuration(leftMs)} left`
  const percent = `${Math.floor(share * 100)} %`
  return `${percent}  ${done}/${total.files} files  ${formatBytes(settledBytes)}/${formatBytes(total.bytes)}${rate}${left}`
}
