import { run, type TestsStream } from 'node:test'
import { inspect } from 'node:util'
import type { Stage } from './stages.ts'

/** What the runner counted so far, over all stages. */
export interface Tally {
  passed: number
  failed: number
  /** Every skipped test or suite with its reason: a suite counts once, for its tests are not even known. */
  readonly skipped: string[]
}

export interface StageInput {
  readonly files: readonly string[]
  readonly cores: number
}

/** A stage that takes this many times its budget hangs; its test files are then ended by the runner. */
const PATIENCE = 3

/** Runs the files of one stage, prints one line per file and every failure in full, and adds to `total`. */
export async function runStage(stage: Stage, input: StageInput, total: Tally): Promise<void> {
  const startedAt = performance.now()
  console.log(`== ${stage.name}: ${input.files.length} files`)
  const stream = run({
    files: [...input.files],
    concurrency: stage.filesAtOnce(input.cores),
    timeout: stage.budgetMinutes * PATIENCE * 60_000,
  })
  await follow(stream, total)
  const minutes = (performance.now() - startedAt) / 60_000
  const isOver = minutes > stage.budgetMinutes
  const budget = isOver ? `, over its budget of ${stage.budgetMinutes} min on two cores` : ''
  console.log(`== ${stage.name}: ${(minutes * 60).toFixed(1)} s${budget}\n`)
}

async function follow(stream: TestsStream, total: Tally): Promise<void> {
  const outputs = new Map<string, string>()
  const keep = (event: { file?: string | undefined; message: string }): void => {
    const path = place(event.file)
    outputs.set(path, (outputs.get(path) ?? '') + event.message)
  }
  stream.on('test:stdout', keep)
  stream.on('test:stderr', keep)
  stream.on('test:pass', event => {
    const reason = event.skip ?? event.todo
    if (reason === undefined || reason === false) return
    total.skipped.push(`${place(event.file)}: ${event.name} (${reason === true ? 'no reason given' : reason})`)
  })
  stream.on('test:fail', ({ name, file, details }) => {
    if (failureType(details.error) === 'subtestsFailed') return
    console.log(`FAIL ${place(file)}: ${name}\n${indent(explain(details.error))}`)
    // A file that ended without running a test to its end has no summary.
    if (name === place(file)) console.log(indent(outputs.get(name) ?? ''))
  })
  stream.on('test:summary', ({ file, counts, duration_ms }) => {
    // `failed` is missing from the types of this Node version.
    const failed = counts.tests - counts.passed - counts.skipped - counts.todo
    if (file === undefined) {
      total.passed += counts.passed
      total.failed += failed
      return
    }
    const seconds = (duration_ms / 1000).toFixed(1)
    console.log(`${failed === 0 ? 'ok  ' : 'FAIL'} ${place(file)} ${counts.tests} tests, ${seconds} s`)
    if (failed > 0) console.log(indent(outputs.get(place(file)) ?? ''))
    outputs.delete(place(file))
  })
  // The listeners do the work; the stream only has to flow.
  for await (const event of stream) void event
}

function failureType(error: Error): unknown {
  return 'failureType' in error ? error.failureType : undefined
}

/** The error of the test itself, without the frames of the runner. */
function explain(error: Error): string {
  const cause = error.cause instanceof Error ? error.cause : error
  const text = 'code' in cause && cause.code === 'ERR_ASSERTION' ? (cause.stack ?? cause.message) : inspect(cause)
  return text.replace(/^ +at .*node:(?:internal|async_hooks).*\n?/gm, '')
}

function indent(text: string): string {
  return text.trimEnd().replace(/^(?=.)/gm, '     ')
}

function place(file: string | undefined): string {
  return file?.replace(`${process.cwd()}/`, '') ?? '(unknown file)'
}
