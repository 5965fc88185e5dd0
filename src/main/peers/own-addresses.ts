import type { NetworkInterfaceInfo } from 'node:os'
import { OWN_ADDRESSES_MAX } from './limits.ts'

/** The interfaces of a machine, as Node tells them. */
export type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>

/**
 * `HOST:PORT` at which others may reach this machine: no loopback, no link-local, not the mesh, which is tried last; those of bridges of containers last, which
 * other machines have too, and of each kind IPv4 first.
 */
export function ownAddresses(interfaces: Interfaces, port: number): readonly string[] {
  const underlay = Object.entries(interfaces).filter(([name]) => !MESH.test(name))
  const all = underlay.flatMap(([name, infos = []]) => infos.map(info => ({ name, ...info })))
  return all
    .filter(({ internal, address }) => !internal && !/^(169\.254\.|fe80:)/i.test(address))
    .map(({ name, family, address }) => ({ rank: rankOf(name, family), text: hostPort(address, port) }))
    .sort((one, other) => one.rank - other.rank || (one.text < other.text ? -1 : 1))
    .slice(0, OWN_ADDRESSES_MAX)
    .map(({ text }) => text)
}

/** `HOST:PORT`, an IPv6 address in brackets. */
export function hostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

const MESH = /^cairn[0-9]$/
const BRIDGES = /^(podman|docker|br-|virbr|cni|veth|lxc|lxd)/

function rankOf(name: string, family: string): number {
  return (BRIDGES.test(name) ? 2 : 0) + (family === 'IPv4' ? 0 : 1)
}
