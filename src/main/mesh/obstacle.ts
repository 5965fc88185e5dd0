import fs from 'node:fs'
import { hasProgram } from './programs.ts'

/** Why this machine cannot be on the mesh, and what to do. */
export interface Obstacle {
  readonly problem: string
  readonly remedy: string
}

/** What keeps WireGuard from running here; undefined: nothing. */
export function wireguardObstacle(): Obstacle | undefined {
  if (!mayChangeNetwork()) {
    return { problem: 'this user may not change the network', remedy: 'Run Cairn as root, or with CAP_NET_ADMIN.' }
  }
  const missing = [
    ...(hasProgram('wg') ? [] : ['wireguard-tools']),
    ...(hasProgram('ip') ? [] : ['iproute2']),
    ...(hasKernelModule() || hasProgram('wireguard-go') ? [] : ['wireguard-go']),
  ]
  if (missing.length > 0) {
    const remedy = `On Debian: sudo apt-get install ${missing.join(' ')}; then start Cairn again.`
    return { problem: `programs are missing: ${missing.join(', ')}`, remedy }
  }
  if (hasKernelModule() || isOpen('/dev/net/tun')) return undefined
  return { problem: '/dev/net/tun cannot be opened', remedy: 'Load it (modprobe tun), or give it to the container.' }
}

// capabilities(7): CAP_NET_ADMIN is bit 12.
function mayChangeNetwork(): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(textOf('/proc/self/status'))?.[1] ?? '0'
  return (BigInt(`0x${effective}`) >> 12n) % 2n === 1n
}

function hasKernelModule(): boolean {
  return fs.existsSync('/sys/module/wireguard')
}

function isOpen(device: string): boolean {
  try {
    fs.closeSync(fs.openSync(device, 'r+'))
    return true
  } catch {
    return false
  }
}

function textOf(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return '' // no Linux as we know it
  }
}
