import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import { scenarios } from './scenarios/index.ts'
import { targetKinds } from './targets/index.ts'

/** How the benchmark is asked to run. */
export interface Options {
  readonly rows: readonly string[]
  readonly targets: readonly string[]
  readonly rounds: number
  readonly quick: boolean
  /** Everything happens below it: it chooses the disk. */
  readonly folder: string
  readonly output: 'table' | 'json'
  readonly jsonFile: string | undefined
  readonly markdownFile: string | undefined
}

/** How it is used. */
export const USAGE = `usage: npm run bench -- [--rows NAME,...] [--targets NAME,...] [--rounds N] [--quick] [--folder DIR]
                         [-o json] [--json FILE] [--markdown FILE]
       npm run bench -- rooms [NAME]
       npm run bench -- control [--quick] [-o json]
       npm run bench -- scale [--markdown FILE]
       npm run bench -- machines [--quick] [--rounds N] [--rows large,small,far,alone] [-o json] [--markdown FILE]
rows:    ${scenarios.map(({ name }) => name).join(', ')}, or the name of one row as JSON shows it
targets: ${targetKinds.map(({ name }) => name).join(', ')}`

/** Reads the words of the command line; a string says what is wrong with them. */
export function readOptions(words: readonly string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: {
        rows: { type: 'string', multiple: true, default: [] },
        targets: { type: 'string', multiple: true, default: [] },
        rounds: { type: 'string' },
        quick: { type: 'boolean', default: false },
        folder: { type: 'string', default: tmpdir() },
        output: { type: 'string', short: 'o', default: 'table' },
        json: { type: 'string' },
        markdown: { type: 'string' },
      },
    })
    const targets = namesIn(values.targets)
    const options: Options = {
      rows: namesIn(values.rows),
      targets: targets.length === 0 ? targetKinds.map(({ name }) => name) : targets,
      rounds: Number(values.rounds ?? (values.quick ? 1 : 3)),
      quick: values.quick,
      folder: values.folder,
      output: values.output === 'json' ? 'json' : 'table',
      jsonFile: values.json,
      markdownFile: values.markdown,
    }
    return complaint(options, values.output) ?? options
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function namesIn(values: readonly string[]): readonly string[] {
  return values.flatMap(value => value.split(',')).filter(name => name !== '')
}

function complaint({ rows, targets, rounds }: Options, output: string): string | undefined {
  const rowNames = scenarios.flatMap(({ name, rows }) => [name, ...rows.map(({ id }) => id)])
  const row = rows.find(name => !rowNames.includes(name))
  if (row !== undefined) return `no rows are named ${row}`
  const target = targets.find(name => !targetKinds.some(kind => kind.name === name))
  if (target !== undefined) return `no target is named ${target}`
  if (!Number.isInteger(rounds) || rounds < 1) return '--rounds wants a whole number from 1'
  return ['table', 'json'].includes(output) ? undefined : `-o wants json or table, not ${output}`
}
