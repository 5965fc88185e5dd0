import fs from 'node:fs'
import { isSystemError } from '#base'
import type { OwnAddresses } from './interface.ts'
import { hasProgram, runProgram, tryProgram } from './programs.ts'

/**
 * What lets this machine carry packets between two others: from the mesh to the mesh only, on its interface only. Rules are in
 * a table of nftables of their own.
 */
export class Forwarding {
  readonly #name: string
  #isAllowed = false

  constructor(name: string) {
    this.#name = name
  }

  /** True when packets of others are carried. */
  get isAllowed(): boolean {
    return this.#isAllowed
  }

  /** Carries packets from now on, as far as this machine can. */
  async allow({ range, prefix }: OwnAddresses): Promise<void> {
    this.#isAllowed = false
    if (!hasProgram('nft')) return
    const [name, table] = [this.#name, this.#table]
    const rules = [
      `iifname ${name} oifname ${name} ip saddr ${range} ip daddr ${range} accept`,
      `iifname ${name} oifname ${name} ip6 saddr ${prefix} ip6 daddr ${prefix} accept`,
      `iifname ${name} drop`,
      `oifname ${name} drop`,
    ]
    const lines = [
      `add table inet ${table}`,
      `delete table inet ${table}`,
      `add table inet ${table}`,
      `add chain inet ${table} pass { type filter hook forward priority 0; policy accept; }`,
      ...rules.map(rule => `add rule inet ${table} pass ${rule}`),
    ]
    await runProgram(['nft', lines.join('; ')])
    this.#setting('ipv4', 'send_redirects', '0')
    // Kernels before 6.17 can forward IPv6 on all interfaces or none: then only IPv4 is carried.
    this.#setting('ipv6', 'force_forwarding', '1')
    this.#isAllowed = this.#setting('ipv4', 'forwarding', '1')
  }

  /** Takes the rules away; fine when there are none. */
  async forbid(): Promise<void> {
    this.#isAllowed = false
    if (hasProgram('nft')) await tryProgram(['nft', `delete table inet ${this.#table}`])
  }

  get #table(): string {
    return `cairn_mesh_${this.#name}`
  }

  #setting(family: 'ipv4' | 'ipv6', setting: string, value: string): boolean {
    try {
      fs.writeFileSync(`/proc/sys/net/${family}/conf/${this.#name}/${setting}`, value)
      return true
    } catch (error) {
      if (!isSystemError(error)) throw error
      return false // a container that may not, or a kernel without it
    }
  }
}
