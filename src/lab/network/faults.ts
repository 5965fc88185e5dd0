import type { Command } from '../command.ts'
import type { LabNames } from '../names.ts'
import type { LabMachine } from '../plan.ts'
import { nft } from './nft.ts'

/** How bad a way is. */
export interface Slowness {
  /** Milliseconds that there and back takes longer, half of it each way. */
  readonly ms: number
  /** Packets of a hundred that do not arrive, each way. */
  readonly lossPercent: number
}

/** The devices between which frames to and from a machine are carried late, the outer one first. */
export function delayDevices(names: LabNames, machine: LabMachine): readonly [outer: string, inner: string] {
  return [`${names.port(machine)}-out`, `${names.port(machine)}-in`]
}

/** Puts the devices between a machine and the others; they must be there. */
export function delayUp(names: LabNames, machine: LabMachine): Command[] {
  const [outer, inner] = delayDevices(names, machine)
  const link = (...words: readonly string[]): Command => ['ip', '-n', names.network, 'link', ...words]
  const bridge = `${names.port(machine)}-br`
  return [
    link('add', bridge, 'type', 'bridge'),
    link('set', bridge, 'up'),
    link('set', outer, 'master', 'br0', 'up'),
    link('set', inner, 'master', bridge, 'up'),
    link('set', names.port(machine), 'master', bridge),
  ]
}

/** Puts them aside again; who carries frames between them ends when they are deleted. */
export function delayDown(names: LabNames, machine: LabMachine): Command[] {
  const link = (...words: readonly string[]): Command => ['ip', '-n', names.network, 'link', ...words]
  return [link('set', names.port(machine), 'master', 'br0'), link('delete', `${names.port(machine)}-br`)]
}

/** Loses packets to and from a machine; none of a hundred is as it was. */
export function lose(names: LabNames, machine: LabMachine, percent: number): Command[] {
  const [port, chain] = [names.port(machine), `loss-${names.port(machine)}`]
  const rule = (way: string) =>
    `add rule bridge lab ${chain} ${way} ${port} numgen random mod 1000 < ${Math.min(999, percent * 10)} drop`
  const lines = [
    'add table bridge lab',
    `add chain bridge lab ${chain} { type filter hook forward priority 1; policy accept; }`,
    `flush chain bridge lab ${chain}`,
    ...(percent > 0 ? [rule('iifname'), rule('oifname')] : []),
  ]
  return [nft(names.network, lines.join('; '))]
}

/** Drops what goes from one machine to another, and the other way too unless `isOneWay`. */
export function cutBetween(
  names: LabNames,
  [from, to]: readonly [LabMachine, LabMachine],
  isOneWay: boolean,
): Command[] {
  const drop = (one: LabMachine, other: LabMachine) =>
    `add rule bridge lab pass iifname ${ports(names, one)} oifname ${ports(names, other)} drop`
  const rules = [drop(from, to), ...(isOneWay ? [] : [drop(to, from)])]
  const chain = 'add chain bridge lab pass { type filter hook forward priority 0; policy accept; }'
  return [nft(names.network, ['add table bridge lab', chain, ...rules].join('; '))]
}

// A machine whose way is slow is behind another device.
function ports(names: LabNames, machine: LabMachine): string {
  return `{ ${names.port(machine)}, ${delayDevices(names, machine)[0]} }`
}

/** Cuts a machine off from all others. */
export function cutOff(names: LabNames, machine: LabMachine): Command[] {
  return [['ip', '-n', names.network, 'link', 'set', names.port(machine), 'down']]
}

/** Undoes all cuts of a network, and those of its machines. */
export function healAll(names: LabNames, machines: readonly LabMachine[]): Command[] {
  return [
    ...machines.map((each): Command => ['ip', '-n', names.network, 'link', 'set', names.port(each), 'up']),
    nft(names.network, 'add table bridge lab; delete table bridge lab'),
  ]
}
