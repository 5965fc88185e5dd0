import os from 'node:os'
import type { Networks } from '#mesh'
import { ownAddresses } from '../peers/own-addresses.ts'

/** Networks that this machine is in, but on interfaces of a mesh of ours. */
export function ownNetworks(): Networks {
  const all = Object.entries(os.networkInterfaces()).filter(([name]) => !isMeshInterface(name))
  const infos = all.flatMap(([, rows = []]) => rows).filter(({ internal }) => !internal)
  return infos.flatMap(({ cidr, address }) => (cidr === null || /^fe80:/i.test(address) ? [] : [cidr]))
}

/** Where its WireGuard listens, as it knows itself. */
export function ownEndpoints(port: number): readonly string[] {
  return ownAddresses(os.networkInterfaces(), port)
}

/** The addresses that an interface has which is not ours: IPv4 first. */
export function addressesOn(name: string): readonly string[] {
  const infos = (os.networkInterfaces()[name] ?? []).filter(({ address }) => !/^fe80:/i.test(address))
  const sorted = [...infos].sort((a, b) => (a.family < b.family ? -1 : a.family > b.family ? 1 : 0))
  return sorted.map(({ address }) => address)
}

function isMeshInterface(name: string): boolean {
  return /^cairn[0-9]$/.test(name)
}
