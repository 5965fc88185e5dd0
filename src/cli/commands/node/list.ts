import type { Command } from 'commander'
import type { NodeRow } from '#cluster'
import { show } from '../../context.ts'
import { formatBytes } from '../../format.ts'
import { examples } from '../../help.ts'
import type { Run } from '../../run.ts'
import { printable, table } from '../../table.ts'
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
        show(context, found, () => nodeTable(found.nodes))
      }),
    )
}

/** Machines for people. */
export function nodeTable(nodes: readonly NodeRow[]): string {
  const rows = nodes.map(({ name, role, zone, state, addresses, isOwn, isConnected, capacityMiB }) => {
    const link = isOwn ? 'this machine' : isConnected ? 'yes' : 'no'
    return [name, role, state, link, zone || '-', formatBytes(capacityMiB * MIB), addresses[0] ?? '-']
  })
  const problems = nodes.flatMap(({ name, problem }) =>
    problem === undefined ? [] : [`${printable(`${name}: ${problem}`)}\n`],
  )
  return `${table(COLUMNS, rows)}${problems.length === 0 ? '' : `\n${problems.join('')}`}`
}

const MIB = 1024 * 1024

const COLUMNS = [
  { title: 'MACHINE' },
  { title: 'ROLE' },
  { title: 'STATE' },
  { title: 'CONNECTED' },
  { title: 'ZONE' },
  { title: 'OFFERS', align: 'right' },
  { title: 'ADDRESS' },
] as const
