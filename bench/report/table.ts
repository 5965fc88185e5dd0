import type { Results } from '../results.ts'
import { type Cells, cellsOf, fsyncLines, LEGEND } from './cells.ts'

/** The results as lines for a terminal. */
export function tableOf(results: Results): string {
  return [
    ...alignedCells(cellsOf(results)),
    '',
    ...LEGEND,
    '',
    ...results.participants.map(({ name, title }) => `${name}: ${title}`),
    '',
    'What the disk saw of fsync:',
    ...fsyncLines(results).map(line => `  ${line}`),
    ...(results.notes.length === 0 ? [] : ['', ...results.notes]),
    '',
  ].join('\n')
}

/** Cells as lines for a terminal. */
export function alignedCells({ titles, lines }: Cells): readonly string[] {
  const all = [titles, ...lines]
  const widths = titles.map((_, column) => Math.max(...all.map(line => (line[column] ?? '').length)))
  const isNumber = (column: number): boolean => column > 1 && column < titles.length - 2
  return all.map(line =>
    line
      .map((cell, column) => (isNumber(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}
