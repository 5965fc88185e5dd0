import type { Command } from 'commander'
import type { NodeRow } from '#cluster'
import { type Context, show } from '../../context.ts'
import { copiesStatus } from '../../copies.ts'
import { formatBytes, plural } from '../../format.ts'
import { examples } from '../../help.ts'
import type { Run } from '../../run.ts'
import { printable, table } from '../../table.ts'
import { newcomersCount } from './approve.ts'
import { lossLine, type ListedNode, onlyHere, onlyHereText } from './only-here.ts'
import { nodeRows } from './rows.ts'

/** `cairn node ls` */
export function declareNodeList(node: Command, run: Run): void {
  node
    .command('ls')
    .description('list the machines of the cloud, as this one sees them')
    .addHelpText('after', `${ABOUT}${examples('cairn node ls', 'cairn node ls -o json | jq .nodes[].state')}`)
    .action(() => run(listNodes))
}

const ABOUT = `
ONLY HERE is what is lost if the machine dies now: chunks that no other machine
has, and filesystems whose names are nowhere else.
`

async function listNodes(context: Context): Promise<void> {
  const [found, copies, asking] = await Promise.all([nodeRows(context), copiesStatus(context), newcomersCount(context)])
  const nodes = onlyHere(found.nodes, copies)
  show(context, { ...found, nodes, asking }, () => {
    return `${nodeTable(nodes)}${lossLine(nodes)}${controlLine(nodes)}${askingText(asking)}`
  })
}

function askingText(count: number): string {
  return count === 0 ? '' : `\n${plural(count, 'machine')} waiting to be let in: see \`cairn node approve\`\n`
}

/** Machines for people. */
function nodeTable(nodes: readonly ListedNode[]): string {
  const rows = nodes.map(node => {
    const { name, role, zone, state, addresses, isOwn, isConnected, capacityMiB, load } = node
    const link = isOwn ? 'this machine' : isConnected ? 'yes' : 'no'
    return [
      name,
      role,
      state,
      link,
      zone || '-',
      ...loadCells(load),
      formatBytes(capacityMiB * MIB),
      onlyHereText(node),
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
  { title: 'ONLY HERE' },
  { title: 'ADDRESS' },
] as const
