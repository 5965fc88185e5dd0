import type { Machine } from '../report/machine.ts'
import { machineLines } from '../report/markdown.ts'
import { type ControlRow, cellsOf } from './rows.ts'

/** The page of one run of `command`. */
export function controlPage(rows: readonly ControlRow[], machine: Machine, command: string): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [
    '# The control plane, measured',
    '',
    `One run of \`${command}\`; the page is written by it. How the keyspace compares with etcd on the same disk says`,
    '`npm run bench -- rooms keyspace/etcd`, how long the event loop stands still `npm run bench -- control blocks`.',
    '',
    line(['row', 'measured', 'goal', '']),
    line(['---', '--:', '--:', '---']),
    ...rows.map(row => line(cellsOf(row))),
    '',
    'Server, client and the process that watches share the cores. Memory is the sum of PSS over all processes of a Cairn that has',
    'started before. Goals are for a quiet machine, and targets only.',
    '',
    ...machineLines(machine).map(each => `- ${each}`),
    '',
  ].join('\n')
}
