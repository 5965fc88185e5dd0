import { apiVersionOf, type Resource } from '#schema'

/** The resources that are served, found by what paths name. */
export class Registry {
  readonly #resources = new Map<string, Resource>()

  constructor(resources: readonly Resource[]) {
    for (const resource of resources) this.#resources.set(keyOf(resource), resource)
  }

  find(named: { readonly group: string; readonly version: string; readonly plural: string }): Resource | undefined {
    return this.#resources.get(keyOf(named))
  }

  /** All, in order of group, version and plural. */
  get all(): readonly Resource[] {
    return Array.from(this.#resources.values()).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  }

  /** Group and version of every resource, the core group first. */
  get groupVersions(): readonly { readonly group: string; readonly version: string }[] {
    const seen = new Map(this.all.map(({ group, version }) => [apiVersionOf(group, version), { group, version }]))
    return [...seen.values()]
  }
}

function keyOf({ group, version, plural }: Pick<Resource, 'group' | 'version' | 'plural'>): string {
  return `${group}/${version}/${plural}`
}
