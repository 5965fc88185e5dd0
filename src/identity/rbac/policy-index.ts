import type { KubeObject } from '#schema'
import type { Policy } from './authorize.ts'

/** The kinds that make a policy. */
export type PolicyKind = 'ClusterRole' | 'ClusterRoleBinding' | 'Role' | 'RoleBinding'

/** A policy that follows its objects: what decides about a request is found without looking at all of them. */
export class PolicyIndex implements Policy {
  readonly #kinds: Readonly<Record<PolicyKind, Map<string, Map<string, KubeObject>>>> = {
    ClusterRole: new Map(),
    ClusterRoleBinding: new Map(),
    Role: new Map(),
    RoleBinding: new Map(),
  }

  /** An object as it is now. */
  put(kind: PolicyKind, object: KubeObject): void {
    const { namespace = '', name } = object.metadata
    const inside = this.#kinds[kind].get(namespace) ?? new Map<string, KubeObject>()
    inside.set(name, object)
    this.#kinds[kind].set(namespace, inside)
  }

  /** An object that is gone. */
  remove(kind: PolicyKind, { metadata: { namespace = '', name } }: KubeObject): void {
    this.#kinds[kind].get(namespace)?.delete(name)
  }

  /** All objects of a kind, in place of those before. */
  reset(kind: PolicyKind, objects: readonly KubeObject[]): void {
    this.#kinds[kind].clear()
    for (const object of objects) this.put(kind, object)
  }

  clusterRole(name: string): KubeObject | undefined {
    return this.#kinds.ClusterRole.get('')?.get(name)
  }

  get clusterRoles(): Iterable<KubeObject> {
    return this.#kinds.ClusterRole.get('')?.values() ?? []
  }

  role(namespace: string, name: string): KubeObject | undefined {
    return this.#kinds.Role.get(namespace)?.get(name)
  }

  get clusterRoleBindings(): Iterable<KubeObject> {
    return this.#kinds.ClusterRoleBinding.get('')?.values() ?? []
  }

  roleBindings(namespace: string): Iterable<KubeObject> {
    return this.#kinds.RoleBinding.get(namespace)?.values() ?? []
  }

  /** Namespaces that have, or had, bindings of their own. */
  get boundNamespaces(): Iterable<string> {
    return this.#kinds.RoleBinding.keys()
  }
}
