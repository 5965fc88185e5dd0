import type { Command } from '../command.ts'
import { type LabNames, UPLINK } from '../names.ts'
import { type LabMachine, type LabPlan, NETWORK } from '../plan.ts'
import { nft } from './nft.ts'

/**
 * What makes a lab's network: a bridge in a namespace of its own, and a namespace for each machine, which has one
 * interface. In the namespace of the host nothing is made, but one interface when the host itself is on the network.
 */
export function networkUp({ machines, isOnHost }: LabPlan, names: LabNames): Command[] {
  const { network } = names
  const gateway = ['ip', '-n', network, 'addr', 'add', `${NETWORK.address}/${NETWORK.bits}`, 'dev', 'br0'] as const
  return [
    ['ip', 'netns', 'add', network],
    ['ip', '-n', network, 'link', 'set', 'lo', 'up'],
    ['ip', '-n', network, 'link', 'add', 'br0', 'type', 'bridge'],
    ['ip', '-n', network, 'link', 'set', 'br0', 'up'],
    ...(isOnHost ? uplink(network) : [gateway]),
    ...machines.flatMap(machine => machineUp(machine, names)),
  ]
}

function uplink(network: string): Command[] {
  return [
    ['ip', 'link', 'add', UPLINK, 'type', 'veth', 'peer', 'name', 'host', 'netns', network],
    ['ip', '-n', network, 'link', 'set', 'host', 'master', 'br0', 'up'],
    ['ip', 'addr', 'add', `${NETWORK.address}/${NETWORK.bits}`, 'dev', UPLINK],
    ['ip', 'link', 'set', UPLINK, 'up'],
  ]
}

/** What puts a machine on the network. */
export function machineUp(machine: LabMachine, names: LabNames): Command[] {
  const own = names.machine(machine)
  const outer = machine.isBehindNat ? names.nat(machine) : own
  const device = machine.isBehindNat ? 'wan' : 'eth0'
  return [
    ['ip', 'netns', 'add', own],
    ['ip', '-n', own, 'link', 'set', 'lo', 'up'],
    ...(machine.isBehindNat ? natUp(machine, names) : []),
    ...wire({ namespace: outer, device }, { namespace: names.network, device: names.port(machine) }),
    ['ip', '-n', names.network, 'link', 'set', names.port(machine), 'master', 'br0'],
    ['ip', '-n', outer, 'addr', 'add', `${machine.address}/${NETWORK.bits}`, 'dev', device],
    ['ip', '-n', outer, 'route', 'add', 'default', 'via', NETWORK.address],
  ]
}

// As a router at home: who is behind it can call out, and nobody can call in.
function natUp(machine: LabMachine, names: LabNames): Command[] {
  const [nat, own] = [names.nat(machine), names.machine(machine)]
  const inner = (last: number) => `192.168.${machine.number}.${last}`
  const chain = 'type nat hook postrouting priority srcnat;'
  const input = 'type filter hook input priority filter; policy accept;'
  const filter = 'type filter hook forward priority filter; policy drop;'
  return [
    ['ip', 'netns', 'add', nat],
    ['ip', '-n', nat, 'link', 'set', 'lo', 'up'],
    ...wire({ namespace: own, device: 'eth0' }, { namespace: nat, device: 'lan' }),
    ['ip', '-n', nat, 'addr', 'add', `${inner(1)}/24`, 'dev', 'lan'],
    ['ip', '-n', own, 'addr', 'add', `${inner(2)}/24`, 'dev', 'eth0'],
    ['ip', '-n', own, 'route', 'add', 'default', 'via', inner(1)],
    ['ip', 'netns', 'exec', nat, 'sysctl', '-qw', 'net.ipv4.ip_forward=1'],
    nft(nat, `add table ip nat; add chain ip nat out { ${chain} }; add rule ip nat out oifname wan masquerade`),
    // What nobody asked for is dropped without a trace: else it would keep its port from who calls out to the same place.
    nft(nat, `add chain ip nat in { ${input} }; add rule ip nat in iifname wan ct state new drop`),
    nft(
      nat,
      `add chain ip nat pass { ${filter} }; add rule ip nat pass iifname lan accept; add rule ip nat pass ct state established,related accept`,
    ),
  ]
}

interface End {
  readonly namespace: string
  readonly device: string
}

function wire(one: End, other: End): Command[] {
  const add = ['ip', 'link', 'add', one.device, 'netns', one.namespace] as const
  const peer = ['type', 'veth', 'peer', 'name', other.device, 'netns', other.namespace]
  return [
    [...add, ...peer],
    ['ip', '-n', one.namespace, 'link', 'set', one.device, 'up'],
    ['ip', '-n', other.namespace, 'link', 'set', other.device, 'up'],
  ]
}
