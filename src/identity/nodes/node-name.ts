import type { Caller } from '../caller.ts'

/** Every machine of the cloud. */
const NODES = 'system:nodes'
const NODE_USER = 'system:node:'

/** Machines that run a control plane. */
export const CONTROLLERS_GROUP = 'cairn:controllers'

/** The machine that asks; undefined for everybody else (k8s.io/kubernetes/pkg/auth/nodeidentifier). */
export function nodeOf({ name, groups }: Pick<Caller, 'name' | 'groups'>): string | undefined {
  return groups.includes(NODES) ? nodeNamed(name) : undefined
}

/** The machine that a user name is of. */
export function nodeNamed(user: string): string | undefined {
  const node = user.startsWith(NODE_USER) ? user.slice(NODE_USER.length) : ''
  return node === '' ? undefined : node
}
