import { isIPv4 } from '../../addresses.ts'
import type { ClaimPool } from '../../claims.ts'

/** Addresses of services are given out of this range: as many as two bytes can tell, but for the first and the last. */
export const SERVICE_CIDR = '10.46.0.0/16'
const FIRST_BYTES = '10.46.'
const ADDRESSES = 65_534

/** The ports of machines that services are given (kubernetes.io/docs/concepts/services-networking/service, "type: NodePort"). */
export const NODE_PORTS = { from: 30_000, to: 32_767 } as const

/**
 * Addresses of services. The first are left to those who choose: of the size of the range a sixteenth, from 16 to 256
 * (kubernetes.io/docs/concepts/services-networking/cluster-ip-allocation).
 */
export const serviceAddresses: ClaimPool = {
  name: 'service-addresses',
  size: ADDRESSES,
  reserved: 256,
  itemAt: index => `${FIRST_BYTES}${(index + 1) >> 8}.${(index + 1) & 0xff}`,
  exhausted: 'failed to allocate a serviceIP: range is full',
}

/** Ports of machines; those left to who chooses: of their number a thirty-second, from 16 to 128. */
export const nodePorts: ClaimPool = {
  name: 'node-ports',
  size: NODE_PORTS.to - NODE_PORTS.from + 1,
  reserved: 86,
  itemAt: index => String(NODE_PORTS.from + index),
  exhausted: 'failed to allocate a nodePort: range is full',
}

/** True for an address that a service may have. */
export function isServiceAddress(address: string): boolean {
  const isInside = isIPv4(address) && address.startsWith(FIRST_BYTES)
  return isInside && address !== `${FIRST_BYTES}0.0` && address !== `${FIRST_BYTES}255.255`
}

/** True for a port of machines that a service may have. */
export function isNodePort(port: number): boolean {
  return Number.isInteger(port) && port >= NODE_PORTS.from && port <= NODE_PORTS.to
}
