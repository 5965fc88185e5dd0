import { LINKS_ALL_MAX } from '../limits.ts'
import type { NodeMap } from '../node-map.ts'

/** The machines to which `own` keeps a connection: all others while they are few, else the controllers. */
export function wantedLinks({ machines }: Pick<NodeMap, 'machines'>, own: string): ReadonlySet<string> {
  const others = machines.filter(machine => machine.name !== own)
  const wanted = others.length <= LINKS_ALL_MAX ? others : others.filter(machine => machine.role === 'controller')
  return new Set(wanted.map(machine => machine.name))
}
