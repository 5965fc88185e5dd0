import net from 'node:net'
import os from 'node:os'

/** What a server certificate is good for. */
export interface ServerNames {
  readonly dnsNames: readonly string[]
  readonly addresses: readonly string[]
}

/** The names of the API of this machine when it listens on `host`. */
export function serverNames(host: string): ServerNames {
  const addresses = ['127.0.0.1', '::1', ...(isEverywhere(host) ? machineAddresses() : net.isIP(host) ? [host] : [])]
  const named = net.isIP(host) ? [] : [host]
  return {
    dnsNames: [...new Set(['localhost', os.hostname(), ...named, ...INSIDE].filter(isDnsName))],
    addresses: [...new Set(addresses)],
  }
}

/** The address clients of this machine use. */
export function localUrl(host: string, port: number): string {
  const name = host === '::' ? '[::1]' : isEverywhere(host) ? '127.0.0.1' : net.isIPv6(host) ? `[${host}]` : host
  return `https://${name}:${port}`
}

// What pods call it (kubernetes.io/docs/tasks/run-application/access-api-from-pod).
const INSIDE = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local']

function isEverywhere(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

function isDnsName(name: string): boolean {
  return /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(name) && name.length <= 253
}

// Those of a link only have a zone and would never match.
function machineAddresses(): readonly string[] {
  const all = Object.values(os.networkInterfaces()).flatMap(rows => rows ?? [])
  return all.map(({ address }) => address).filter(address => !address.startsWith('fe80:'))
}
