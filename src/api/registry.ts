import { apiVersionOf, isSameJson, type Resource } from '#schema'

/** How paths name a resource. */
type Named = Pick<Resource, 'group' | 'version' | 'plural'>

/**
 * The resources that are served, found by what paths name: those built in, and those of definitions, which come and go.
 * What is built in cannot be replaced.
 */
export class Registry {
  readonly #builtIn: ReadonlyMap<string, Resource>
  readonly #defined = new Map<string, readonly Resource[]>()
  // Aborted when what was served under a key no longer is, or has another schema or conversion.
  readonly #ends = new Map<string, AbortController>()
  #resources: ReadonlyMap<string, Resource>
  #all: readonly Resource[] | undefined
  #revision = 0

  constructor(resources: readonly Resource[]) {
    this.#builtIn = new Map(resources.map(resource => [keyOf(resource), resource]))
    this.#resources = this.#builtIn
  }

  /** Grows with every change of what is served: documents of another revision are out of date. */
  get revision(): number {
    return this.#revision
  }

  find(named: Named): Resource | undefined {
    return this.#resources.get(keyOf(named))
  }

  /** Serves the resources of a definition from now on, instead of those it had; none: no longer. */
  define(definition: string, resources: readonly Resource[]): void {
    if (resources.length === 0 && !this.#defined.has(definition)) return
    if (resources.length === 0) this.#defined.delete(definition)
    else this.#defined.set(definition, resources)
    const before = this.#resources
    const defined = [...this.#defined.values()].flat().map(resource => [keyOf(resource), resource] as const)
    this.#resources = new Map([...defined, ...this.#builtIn])
    this.#all = undefined
    this.#revision += 1
    for (const [key, end] of this.#ends) {
      if (isServedAlike(before.get(key), this.#resources.get(key))) continue
      this.#ends.delete(key)
      end.abort()
    }
  }

  /** Aborts when a resource of a definition is no longer served as it is now: whoever watches it is to begin anew. */
  endOf(resource: Resource): AbortSignal | undefined {
    if (resource.custom === undefined) return undefined
    const key = keyOf(resource)
    const end = this.#ends.get(key) ?? new AbortController()
    this.#ends.set(key, end)
    return end.signal
  }

  /** The names of all definitions that have resources here. */
  get definitions(): readonly string[] {
    return [...this.#defined.keys()]
  }

  /** All, in order of group, version (the most mature first) and plural. */
  get all(): readonly Resource[] {
    this.#all ??= Array.from(this.#resources.values()).sort(inOrder)
    return this.#all
  }

  /** Group and version of every resource, the core group first. */
  get groupVersions(): readonly { readonly group: string; readonly version: string }[] {
    const seen = new Map(this.all.map(({ group, version }) => [apiVersionOf(group, version), { group, version }]))
    return [...seen.values()]
  }
}

function isServedAlike(before: Resource | undefined, now: Resource | undefined): boolean {
  if (now === undefined || !isSameJson(before?.shape.custom?.openapi, now.shape.custom?.openapi)) return false
  const [old, conversion] = [before?.storedForm?.conversion, now.storedForm?.conversion]
  return old?.storage === conversion?.storage && isSameJson({ ...old?.webhook }, { ...conversion?.webhook })
}

function inOrder(a: Resource, b: Resource): number {
  if (a.group !== b.group) return a.group < b.group ? -1 : 1
  return compareVersions(a.version, b.version) || (a.plural < b.plural ? -1 : 1)
}

/**
 * Versions by what people prefer: `v2`, `v1`, `v1beta2`, `v1beta1`, `v1alpha1`, then all others by the alphabet
 * (k8s.io/apimachinery/pkg/version CompareKubeAwareVersionStrings).
 */
export function compareVersions(a: string, b: string): number {
  const [first, second] = [ranks(a), ranks(b)]
  if (first === undefined || second === undefined) {
    if (first === undefined && second === undefined) return a < b ? -1 : a > b ? 1 : 0
    return first === undefined ? 1 : -1
  }
  return second.reduce((order, rank, index) => order || rank - (first[index] ?? 0), 0)
}

function ranks(version: string): readonly number[] | undefined {
  const [, major, stage, minor] = /^v([0-9]{1,9})(?:(alpha|beta)([0-9]{1,9}))?$/.exec(version) ?? []
  if (major === undefined) return undefined
  return [stage === undefined ? 2 : stage === 'beta' ? 1 : 0, Number(major), Number(minor ?? 0)]
}

function keyOf({ group, version, plural }: Named): string {
  return `${group}/${version}/${plural}`
}
