import type { LabRow } from '../../labs.ts'

/** What was done to a machine, for people; '' when it is as it was planned. `rows`: it and others, perhaps of other labs. */
export function troubleText(row: LabRow, rows: readonly LabRow[]): string {
  const { isCutOff, cutTo, latencyMs, lossPercent, isDiskFull } = row.trouble
  const others = rows.filter(({ lab }) => lab === row.lab)
  const cutBy = others.filter(({ trouble }) => trouble.cutTo.includes(row.name)).map(({ name }) => name)
  const both = cutTo.filter(name => cutBy.includes(name))
  const onlyTo = cutTo.filter(name => !both.includes(name))
  const onlyBy = cutBy.filter(name => !both.includes(name))
  const said: readonly (readonly [boolean, string])[] = [
    [isCutOff, 'cut off'],
    [both.length > 0, `cut off from ${both.join(', ')}`],
    [onlyTo.length > 0, `sends nothing to ${onlyTo.join(', ')}`],
    [onlyBy.length > 0, `gets nothing from ${onlyBy.join(', ')}`],
    [latencyMs !== row.latencyMs, `latency ${latencyMs} ms`],
    [lossPercent > 0, `loss ${lossPercent} %`],
    [isDiskFull, 'disk full'],
  ]
  return said
    .filter(([isSo]) => isSo)
    .map(([, text]) => text)
    .join('; ')
}
