import type { Command } from '../command.ts'
import type { LabNames } from '../names.ts'
import type { LabMachine } from '../plan.ts'
import { delayDevices } from './faults.ts'
import { nft } from './nft.ts'

/** What is wrong with the way to a machine, as it is now. */
export interface WayTrouble {
  /** From all others. */
  readonly isCutOff: boolean
  /** Machines that nothing gets to which it sends. */
  readonly cutTo: readonly string[]
  /** Milliseconds that there and back takes longer, planned or not. */
  readonly latencyMs: number
  /** Packets of a hundred that do not arrive, each way. */
  readonly lossPercent: number
}

/** What tells of that. */
export interface WaySigns {
  /** What {@link listLinks} prints. */
  readonly links: string
  /** What {@link listRules} prints. */
  readonly rules: string
  /** The command lines of a lab's processes: some carry frames late. */
  readonly carriers: readonly string[]
}

/** Lists the interfaces of a lab's network, one a line (ip-link(8)). */
export function listLinks(network: string): Command {
  return ['ip', '-n', network, '-o', 'link', 'show']
}

/** Lists the rules of a lab's network (nft(8)). */
export function listRules(network: string): Command {
  return nft(network, 'list ruleset')
}

/** What is wrong with the way to a machine; nothing but what was planned when there are no signs. */
export function wayTrouble(
  names: LabNames,
  machine: LabMachine,
  { machines, signs }: { readonly machines: readonly LabMachine[]; readonly signs: WaySigns | undefined },
): WayTrouble {
  if (signs === undefined) return { isCutOff: false, cutTo: [], latencyMs: machine.latencyMs, lossPercent: 0 }
  const { links, rules, carriers } = signs
  const port = names.port(machine)
  const ports = new Set(portsCut(rules, port))
  return {
    isCutOff: new RegExp(`^\\d+: ${port}@\\S+ <(?!([^,>]+,)*UP[,>])`, 'm').test(links),
    cutTo: machines.filter(each => ports.has(names.port(each))).map(each => each.name),
    latencyMs: 2 * carriedLateMs(carriers, delayDevices(names, machine)),
    lossPercent:
      Number(new RegExp(`iifname "${port}" numgen random mod 1000 < (\\d+) drop`).exec(rules)?.[1] ?? 0) / 10,
  }
}

// Each side names the port of a machine, then the device before it.
function portsCut(rules: string, port: string): readonly string[] {
  const cuts = rules.matchAll(/iifname \{ "(m\d+)", [^}]*\} oifname \{ "(m\d+)", [^}]*\} drop/g)
  return Array.from(cuts).flatMap(([, from, to = '']) => (from === port ? [to] : []))
}

function carriedLateMs(carriers: readonly string[], devices: readonly [string, string]): number {
  const words = ` ${devices.join(' ')} `
  const [, ms] = carriers.findLast(line => line.includes(words))?.split(words) ?? []
  return Number(ms ?? 0)
}
