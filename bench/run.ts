// `npm run bench`: Cairn's mount beside the plain disk and other filesystems, in one run. See README.md beside this.
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { runControl } from './control/run.ts'
import { runMachines } from './machines/run.ts'
import { measure } from './measure.ts'
import { type Options, readOptions, USAGE } from './options.ts'
import { rowsForPrograms } from './report/cells.ts'
import { describeMachine } from './report/machine.ts'
import { pageOf } from './report/markdown.ts'
import { tableOf } from './report/table.ts'
import { runRooms } from './rooms.ts'
import { runScale } from './scale/run.ts'
import { FULL, QUICK } from './sizes.ts'

process.exitCode = await main(process.argv.slice(2))

async function main(words: readonly string[]): Promise<number> {
  const stopping = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => stopping.abort(new Error(name)))
  if (words[0] === 'rooms') return (await runRooms(words[1] ?? '', stopping.signal)) ? 0 : 1
  if (words[0] === 'control') {
    await runControl(words.slice(1), tmpdir(), stopping.signal)
    return 0
  }
  if (words[0] === 'scale') {
    await runScale(words.slice(1))
    return 0
  }
  if (words[0] === 'machines') {
    await runMachines(words.slice(1), stopping.signal)
    return 0
  }
  const options = readOptions(words)
  if (typeof options === 'string') {
    console.error(`bench: ${options}\n${USAGE}`)
    return 2
  }
  try {
    await benchmark(options, words, stopping.signal)
    return 0 // goals are targets: missing one is no failure
  } catch (error) {
    if (!stopping.signal.aborted) throw error
    console.error('bench: ended early; everything is taken down')
    return 1
  }
}

async function benchmark(options: Options, words: readonly string[], signal: AbortSignal): Promise<void> {
  const say = (text: string): void => console.error(`bench: ${text}`)
  const { results, tree } = await measure(options, say, signal)
  const machine = describeMachine(options.folder)
  const sizes = options.quick ? QUICK : FULL
  const { participants, notes } = results
  const json = JSON.stringify({ machine, sizes, participants, notes, rows: rowsForPrograms(results) }, undefined, 2)
  console.log(options.output === 'json' ? json : tableOf(results))
  if (options.jsonFile !== undefined) writeFileSync(options.jsonFile, `${json}\n`)
  if (options.markdownFile === undefined) return
  const command = ['npm run bench', ...(words.length === 0 ? [] : ['--', ...words])].join(' ')
  writeFileSync(options.markdownFile, pageOf(results, { machine, sizes, rounds: options.rounds, command, tree }))
}
