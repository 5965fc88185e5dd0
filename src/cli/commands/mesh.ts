import type { Command } from 'commander'
import { askMesh, type MeshRow, type MeshStatus, meshRotate } from '#mesh'
import { type Context, show } from '../context.ts'
import { openDoor } from '../door.ts'
import { cliFault } from '../faults.ts'
import { formatBytes } from '../format.ts'
import { examples } from '../help.ts'
import { MESH_LOOK_MS, MESH_ROTATE_MS } from '../limits.ts'
import type { Run } from '../run.ts'
import { printable, table } from '../table.ts'

/** `cairn mesh` */
export function declareMesh(program: Command, run: Run): void {
  const mesh = program
    .command('mesh')
    .description('show how this machine reaches the others over the mesh')
    .helpCommand(false)
    .addHelpText('after', examples('cairn mesh', 'cairn mesh -o json | jq .machines[].path', 'cairn mesh rotate'))
    .action(() =>
      run(async context => {
        await using door = await openDoor(context)
        const status = await askMesh(door, context.signal)
        show(context, status, () => meshText(status))
      }),
    )
  mesh
    .command('rotate')
    .description('give this machine another WireGuard key; connections go on')
    .action(() => run(rotate, 'The key is changed all the same: see `cairn mesh`.'))
}

async function rotate(context: Context): Promise<void> {
  const { signal, host } = context
  await using door = await openDoor(context)
  const { publicKey: before } = await askMesh(door, signal)
  await door.call(meshRotate, undefined, signal)
  for (let waitedMs = 0; waitedMs < MESH_ROTATE_MS; waitedMs += MESH_LOOK_MS) {
    await host.clock.sleep(MESH_LOOK_MS, signal)
    const { publicKey, isRotating } = await askMesh(door, signal)
    if (publicKey === before || isRotating) continue
    return show(context, { publicKey }, () => `The key of this machine is ${publicKey ?? ''} now.\n`)
  }
  throw cliFault('NotReady', 'the key is not changed yet: no controller has told the others', {
    hint: 'See `cairn node ls`: a controller must be Online. It goes on by itself then.',
  })
}

/** The mesh for people. */
export function meshText({ provider, problem, remedy, machines, ...own }: MeshStatus): string {
  const [name, engine] = [own.interface ?? '-', own.engine ?? '']
  const about =
    provider === 'none'
      ? `no mesh: ${problem ?? ''}`
      : `${name} (${engine === '' ? provider : engine}), ${own.range ?? 'no addresses yet'}, NAT ${own.nat}, names by ${own.names}`
  const lines = [
    about,
    ...(provider !== 'none' && problem !== undefined ? [`warning: ${problem}`] : []),
    ...(remedy === undefined ? [] : [`hint: ${remedy}`]),
  ]
  const rows = machines.map(rowText)
  return `${lines.map(line => `${printable(line)}\n`).join('')}${rows.length === 0 ? '' : table(COLUMNS, rows)}`
}

function rowText({ name, address, path, via, rttMs, lossPercent, score, handshakeAgoMs, rxBytes, txBytes }: MeshRow) {
  const isOwn = path === 'this machine'
  const how = path === 'relayed' ? `via ${via ?? '?'}` : path
  return [
    name,
    address,
    how,
    rttMs === undefined ? '-' : `${rttMs} ms`,
    isOwn || lossPercent === undefined ? '-' : `${lossPercent} %`,
    score === undefined ? '-' : (score / 100).toFixed(2),
    handshakeAgoMs === undefined ? '-' : `${Math.round(handshakeAgoMs / 1000)} s ago`,
    isOwn ? '-' : `${formatBytes(rxBytes)} / ${formatBytes(txBytes)}`,
  ]
}

const COLUMNS = [
  { title: 'MACHINE' },
  { title: 'ADDRESS' },
  { title: 'PATH' },
  { title: 'RTT', align: 'right' },
  { title: 'LOSS', align: 'right' },
  { title: 'SCORE', align: 'right' },
  { title: 'HANDSHAKE', align: 'right' },
  { title: 'IN / OUT', align: 'right' },
] as const
