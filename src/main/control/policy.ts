import { isFault, type World, whyOf } from '#base'
import type { ObjectStore } from '#api'
import { PolicyIndex, type PolicyKind } from '#identity'
import type { Resource } from '#schema'
import { RESOURCES } from '#schema'
import { POLICY_RETRY_MS } from '../limits.ts'

/** RBAC's objects in memory, followed by watches: no request reads them from the store. */
export class FollowedPolicy implements AsyncDisposable {
  readonly index = new PolicyIndex()
  readonly #store: ObjectStore
  readonly #world: World
  readonly #closing = new AbortController()
  #following: readonly Promise<void>[] = []
  #changed: (kind: PolicyKind) => void = () => undefined

  /** Resolves when all roles and bindings are known. */
  static async open(store: ObjectStore, world: World): Promise<FollowedPolicy> {
    const policy = new FollowedPolicy(store, world)
    const firsts = KINDS.map(kind => policy.#follow(kind))
    policy.#following = firsts.map(({ ended }) => ended)
    await Promise.all(firsts.map(({ known }) => known))
    return policy
  }

  private constructor(store: ObjectStore, world: World) {
    this.#store = store
    this.#world = world
  }

  /** `run` is called behind every change. */
  onChange(run: (kind: PolicyKind) => void): void {
    this.#changed = run
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await Promise.all(this.#following)
  }

  #follow(kind: PolicyKind): { readonly known: Promise<void>; readonly ended: Promise<void> } {
    const known = Promise.withResolvers<void>()
    return { known: known.promise, ended: this.#run(kind, known.resolve) }
  }

  async #run(kind: PolicyKind, known: () => void): Promise<void> {
    const { signal } = this.#closing
    const { log, clock } = this.#world
    while (!signal.aborted) {
      try {
        await this.#followOnce(kind, known)
      } catch (error) {
        if (signal.aborted) return
        if (!isFault(error, 'Expired')) log.warn('roles are read again', { kind, why: whyOf(error) })
        await clock.sleep(POLICY_RETRY_MS, signal).catch(() => undefined)
      }
    }
  }

  async #followOnce(kind: PolicyKind, known: () => void): Promise<void> {
    const { signal } = this.#closing
    const resource = resourceOf(kind)
    const { revision, objects } = await this.#all(resource, signal)
    this.index.reset(kind, objects)
    known()
    this.#changed(kind)
    const wanted = { namespace: undefined, after: revision }
    for await (const { changes } of this.#store.changes(resource, wanted, signal)) {
      for (const { now, before } of changes) {
        if (now !== undefined) this.index.put(kind, now)
        else if (before !== undefined) this.index.remove(kind, before)
      }
      if (changes.length > 0) this.#changed(kind)
    }
  }

  async #all(resource: Resource, signal: AbortSignal) {
    const first = await this.#store.page(resource, { namespace: undefined }, signal)
    const objects = [...first.objects]
    const { revision } = first
    for (let { next } = first; next !== undefined; ) {
      const page = await this.#store.page(resource, { namespace: undefined, revision, after: next }, signal)
      objects.push(...page.objects)
      next = page.next
    }
    return { revision, objects }
  }
}

const KINDS: readonly PolicyKind[] = ['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding']

function resourceOf(kind: PolicyKind): Resource {
  const found = RESOURCES.find(each => each.kind === kind && each.group === 'rbac.authorization.k8s.io')
  if (found === undefined) throw new Error(`there is no resource ${kind}`)
  return found
}
