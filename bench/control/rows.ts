/** A figure of the control plane, and what it should be at most. */
export interface ControlRow {
  readonly id: string
  readonly title: string
  readonly unit: 's' | 'ms' | 'MB' | 'MB/min' | '/s'
  readonly value: number
  /** At most this; at least, where the unit is a rate. */
  readonly goal: number | undefined
}

/** True when the goal is met, undefined when there is none. */
export function isMet({ unit, value, goal }: ControlRow): boolean | undefined {
  if (goal === undefined) return undefined
  return unit === '/s' ? value >= goal : value <= goal
}

/** What a row says: title, figure, goal, and whether it is met. */
export function cellsOf(row: ControlRow): readonly string[] {
  const met = isMet(row)
  const verdict = met === undefined ? '' : met ? 'met' : 'missed'
  const goal = row.goal === undefined ? '' : `${row.unit === '/s' ? '>=' : '<='} ${row.goal} ${row.unit}`
  const figure = row.value >= 100 ? String(Math.round(row.value)) : row.value.toPrecision(3)
  return [row.title, `${figure} ${row.unit}`, goal, verdict]
}

/** Rows as a table for people. */
export function tableOf(rows: readonly ControlRow[]): string {
  const all = [['', 'measured', 'goal', ''], ...rows.map(cellsOf)]
  const widths = [0, 1, 2, 3].map(column => Math.max(...all.map(row => row[column]?.length ?? 0)))
  return all
    .map(row =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
