import type { Command } from 'commander'
import type { NodeRow } from '#cluster'
import { show } from '../../context.ts'
import { formatBytes, plural } from '../../format.ts'
import { examples } from '../../help.ts'
import type { Run } from '../../run.ts'
import { printable, table } from '../../table.ts'
import { newcomersCount } from './approve.ts'
import { nodeRows } from './rows.ts'

/** `cairn node ls` */
export function declareNodeList(node: Command, run: Run): void {
  node
    .command('ls')
    .description('list the machines of the cloud, as this one sees them')
    .addHelpText('after', examples('cairn node ls', 'cairn node ls -o json | jq .nodes[].state'))
    .action(() =>
      run(async context => {
        const found = await nodeRows(context)
        const asking = await newcomersCount(context)
        show(context, { ...found, asking }, () => {
          return `${nodeTable(found.nodes)}${controlLine(found.nodes)}${askingText(asking)}`
        })
      }),
    )
}

function askingText(count: number): string {
  return count === 0 ? '' : `\n${plural(count, 'machine')} waiting to be let in: see \`cairn node approve\`\n`
}

/** Machines for people. */
export function nodeTable(nodes: readonly NodeRow[]): string {
  const rows = nodes.map(({ name, role, zone, state, addresses, isOwn, isConnected, capacityMiB, load }) => {
    const link = isOwn ? 'this machine' : isConnected ? 'yes' : 'no'
    return [
      name,
      role,
      state,
      link,
      zone || '-',
      ...loadCells(load),
      formatBytes(capacityMiB * MIB),
      addresses[0] ?? '-',
    ]
  })
  const problems = nodes.flatMap(({ name, problem }) =>
    problem === undefined ? [] : [`${printable(`${name}: ${problem}`)}\n`],
  )
  return `${table(COLUMNS, rows)}${problems.length === 0 ? '' : `\n${problems.join('')}`}`
}

// What is used, of what there is.
function loadCells(load: NodeRow['load']): readonly [string, string] {
  if (load === undefined) return ['-', '-']
  const { cpus, cpuUsedMilli, memoryMiB, memoryUsedMiB } = load
  return [
    `${(cpuUsedMilli / 1000).toFixed(1)} of ${cpus}`,
    `${formatBytes(memoryUsedMiB * MIB)} of ${formatBytes(memoryMiB * MIB)}`,
  ]
}

// One controller is as usual; two look as if one of them could be lost.
function controlLine(nodes: readonly NodeRow[]): string {
  if (nodes.filter(({ role }) => role === 'controller').length !== 2) return ''
  return '\nThere are two controllers, one of which works: from three on the cloud survives the loss of any.\n'
}

const MIB = 1024 * 1024

const COLUMNS = [
  { title: 'MACHINE' },
  { title: 'ROLE' },
  { title: 'STATE' },
  { title: 'CONNECTED' },
  { title: 'ZONE' },
  { title: 'CPU', align: 'right' },
  { title: 'MEMORY', align: 'right' },
  { title: 'OFFERS', align: 'right' },
  { title: 'ADDRESS' },
] as const
