import type { World } from '#base'
import type { ObjectStore } from '#api'
import { PolicyIndex, type PolicyKind } from '#identity'
import { RESOURCES, type Resource } from '#schema'
import { FollowedObjects, type FollowsObjects } from './followed-objects.ts'

/** RBAC's objects in memory, followed by watches: no request reads them from the store. */
export class FollowedPolicy implements AsyncDisposable {
  readonly index = new PolicyIndex()
  readonly #stack = new AsyncDisposableStack()
  readonly #listeners: ((kind: PolicyKind) => void)[] = []

  /** Resolves when all roles and bindings are known. */
  static async open(store: ObjectStore, world: World): Promise<FollowedPolicy> {
    const policy = new FollowedPolicy()
    const follow = (kind: PolicyKind) =>
      FollowedObjects.open({ store, world, resource: resourceOf(kind), into: policy.#into(kind) })
    for (const followed of await Promise.all(KINDS.map(follow))) policy.#stack.use(followed)
    return policy
  }

  private constructor() {}

  /** `run` is called behind every change. */
  onChange(run: (kind: PolicyKind) => void): void {
    this.#listeners.push(run)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
  }

  #into(kind: PolicyKind): FollowsObjects {
    return {
      reset: objects => this.index.reset(kind, objects),
      put: object => this.index.put(kind, object),
      remove: object => this.index.remove(kind, object),
      changed: () => {
        for (const run of this.#listeners) run(kind)
      },
    }
  }
}

const KINDS: readonly PolicyKind[] = ['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding']

function resourceOf(kind: PolicyKind): Resource {
  const found = RESOURCES.find(each => each.kind === kind && each.group === 'rbac.authorization.k8s.io')
  if (found === undefined) throw new Error(`there is no resource ${kind}`)
  return found
}
