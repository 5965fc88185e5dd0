import type { Figure } from '../figure.ts'
import type { Results } from '../results.ts'
import type { Row } from '../scenario.ts'
import { judge, type Verdict } from '../verdict.ts'

/** Titles of the columns, then the cells of each row. */
export interface Cells {
  readonly titles: readonly string[]
  readonly lines: readonly (readonly string[])[]
}

/** The results as cells of text: figures with their spread, ratios, goals. */
export function cellsOf(results: Results): Cells {
  const names = results.participants.map(({ name }) => name)
  const others = names.filter(name => name !== 'cairn')
  return {
    titles: ['row', 'unit', ...names, ...others.map(name => `x ${name}`), 'goal', ''],
    lines: results.rows.map(row => {
      const verdict = judge(row, results)
      return [
        row.title,
        row.unit,
        ...names.map(name => figureCell(results.figure(row, name)) + (verdict.unlike.includes(name) ? '*' : '')),
        ...others.map(name => ratioCell(verdict.ratios[name])),
        verdict.goal,
        outcomeCell(verdict),
      ]
    }),
  }
}

/** What stands below every table. */
export const LEGEND: readonly string[] = [
  'Figures are medians of the rounds with half of their range. "x NAME" is how many times better Cairn is: above 1 is',
  'better, whether more or less is good in the row. Goals are against the better one of the peers. * marks a target',
  'whose fsync did not reach the disk in this case: it is shown, and not compared with.',
]

/** The rows of a section with their verdicts, for programs. */
export function rowsForPrograms(results: Results): readonly object[] {
  return results.rows.map(row => {
    const { ratios, unlike, goal, outcome } = judge(row, results)
    const figures = results.participants.map(({ name }) => [name, results.figure(row, name)] as const)
    return { ...described(row), figures: Object.fromEntries(figures), ratios, unlike, goal, outcome }
  })
}

/** What fsync of each participant does, as sentences. */
export function fsyncLines({ participants }: Results): readonly string[] {
  return participants.map(({ name, fsync }) => {
    if (fsync === undefined) return `${name}: the disk has no counters, so it is unknown what reaches it`
    const content = `${Math.round(fsync.content * 100)} % of a new file on the disk when its fsync returned`
    const flushes = `${fsync.rewrite.toFixed(2)} disk flushes for each rewritten block`
    return `${name}: ${content}, ${flushes}, ${fsync.create.toFixed(2)} for each new file`
  })
}

function described({ id, title, unit, better }: Row): object {
  return { id, title, unit, better }
}

function figureCell(figure: Figure | undefined): string {
  if (figure === undefined) return '-'
  const spread = figure.rounds > 1 ? ` ±${Math.round(figure.spread * 100)}%` : ''
  return `${amount(figure.median)}${spread}`
}

function ratioCell(ratio: number | undefined): string {
  return ratio === undefined ? '-' : `${ratio.toFixed(2)}x`
}

function outcomeCell({ outcome }: Verdict): string {
  return outcome ?? ''
}

/** Three digits that matter. */
function amount(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en')
  return value.toFixed(value >= 10 ? 1 : value >= 1 ? 2 : 3)
}
