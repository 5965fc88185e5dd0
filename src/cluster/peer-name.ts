import type { PeerName } from '#rpc'

const NODE_PREFIX = 'system:node:'
const NODES = 'system:nodes'
const CONTROLLERS = 'cairn:controllers'

/** What a machine's certificate says in its subject. */
export interface MachineSubject {
  readonly name: string
  readonly isController: boolean
}

/** Which machine a certificate names; undefined when it is none of a machine. */
export function machineOf({ name, groups }: Pick<PeerName, 'name' | 'groups'>): MachineSubject | undefined {
  if (!name.startsWith(NODE_PREFIX) || name.length === NODE_PREFIX.length || !groups.includes(NODES)) return undefined
  return { name: name.slice(NODE_PREFIX.length), isController: groups.includes(CONTROLLERS) }
}

/** The subject of a machine's certificate: its common name and organizations. */
export function subjectOf({ name, isController }: MachineSubject): Pick<PeerName, 'name' | 'groups'> {
  return { name: `${NODE_PREFIX}${name}`, groups: isController ? [NODES, CONTROLLERS] : [NODES] }
}
