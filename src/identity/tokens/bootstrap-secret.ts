import { type JsonObject, type KubeObject, textAt } from '#schema'
import type { BootstrapToken } from './bootstrap.ts'

/** The type of Secrets that hold bootstrap tokens, which kubeadm uses too. */
export const BOOTSTRAP_SECRET_TYPE = 'bootstrap.kubernetes.io/token'
/** Where they are. */
export const BOOTSTRAP_NAMESPACE = 'kube-system'
/** Everybody who has shown one. */
export const BOOTSTRAPPERS = 'system:bootstrappers'
/** `false` on a Secret: the token may be used until it expires. */
export const SINGLE_USE = 'cairn.dev/single-use'
/** The user a certificate is given to in exchange for the token. */
export const TOKEN_USER = 'cairn.dev/user'

/** The name of the machine a token is for; any when there is none. */
const TOKEN_NODE = 'cairn.dev/node'

/** What a machine becomes in its cloud. */
export type NodeRole = 'controller' | 'node'

// Groups of who shows a token that lets a machine into the cloud.
const MACHINES = { controller: `${BOOTSTRAPPERS}:cairn:controller`, node: `${BOOTSTRAPPERS}:cairn:node` } as const

/** The group that makes a token one that lets a machine in, as `role`. */
export function machineGroup(role: NodeRole): string {
  return MACHINES[role]
}

/** What a machine becomes that shows a token with these groups; undefined when it lets no machine in. */
export function machineRole(groups: readonly string[]): NodeRole | undefined {
  return (['controller', 'node'] as const).find(role => groups.includes(MACHINES[role]))
}

/** What is known about a token. */
export interface BootstrapGrant {
  readonly id: string
  readonly secret: string
  /** Milliseconds since 1970; undefined: never. */
  readonly expiresMs: number | undefined
  /** Groups beside {@link BOOTSTRAPPERS}; all begin with `system:bootstrappers:`. */
  readonly groups: readonly string[]
  /** The user whose certificate may be asked for with it. */
  readonly user: string | undefined
  /** The machine it lets in, when it is for one that is known by name: it may take that name back. */
  readonly node?: string | undefined
  readonly isSingleUse: boolean
  readonly description: string
}

/** The name of a token's Secret. */
export function bootstrapSecretName(id: string): string {
  return `bootstrap-token-${id}`
}

/** The Secret that makes a token valid, as it is to be created. */
export function bootstrapSecret(token: BootstrapToken, grant: Omit<BootstrapGrant, 'id' | 'secret'>): JsonObject {
  const text: Record<string, string> = {
    'token-id': token.id,
    'token-secret': token.secret,
    'usage-bootstrap-authentication': 'true',
    'auth-extra-groups': grant.groups.join(','),
    description: grant.description,
    ...(grant.expiresMs === undefined ? {} : { expiration: new Date(grant.expiresMs).toISOString() }),
  }
  const annotations = {
    [SINGLE_USE]: String(grant.isSingleUse),
    ...(grant.user === undefined ? {} : { [TOKEN_USER]: grant.user }),
    ...(grant.node === undefined ? {} : { [TOKEN_NODE]: grant.node }),
  }
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: bootstrapSecretName(token.id), namespace: BOOTSTRAP_NAMESPACE, annotations },
    type: BOOTSTRAP_SECRET_TYPE,
    data: Object.fromEntries(Object.entries(text).map(([key, value]) => [key, Buffer.from(value).toString('base64')])),
  }
}

/** What a Secret grants; undefined when it is no token, not one for signing in, or has expired. */
export function bootstrapGrant(secret: KubeObject, nowMs: number): BootstrapGrant | undefined {
  const text = (key: string) => fieldOf(secret, key)
  const id = text('token-id')
  const isToken = textAt(secret, 'type') === BOOTSTRAP_SECRET_TYPE && secret.metadata.name === bootstrapSecretName(id)
  if (!isToken || text('token-secret') === '' || text('usage-bootstrap-authentication') !== 'true') return undefined
  const expiration = text('expiration')
  const expiresMs = expiration === '' ? undefined : Date.parse(expiration)
  // A time that cannot be read has passed.
  if (expiresMs !== undefined && !(nowMs < expiresMs)) return undefined
  const annotations = secret.metadata.annotations ?? {}
  return {
    id,
    secret: text('token-secret'),
    expiresMs,
    groups: bootstrapGroups(secret),
    user: annotations[TOKEN_USER],
    ...(annotations[TOKEN_NODE] === undefined ? {} : { node: annotations[TOKEN_NODE] }),
    isSingleUse: annotations[SINGLE_USE] === 'true',
    description: text('description'),
  }
}

/** The groups beside {@link BOOTSTRAPPERS} that a token's Secret names. */
export function bootstrapGroups(secret: KubeObject): readonly string[] {
  const groups = fieldOf(secret, 'auth-extra-groups').split(',')
  return groups.filter(group => group.startsWith(`${BOOTSTRAPPERS}:`))
}

function fieldOf(secret: KubeObject, key: string): string {
  return Buffer.from(textAt(secret, 'data', key) ?? '', 'base64').toString('utf8')
}
