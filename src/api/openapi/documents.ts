import type { JsonObject, Resource } from '#schema'
import type { Registry } from '../registry.ts'
import { allContents, type Contents, discoveryContents, versionContents } from './contents.ts'
import { gnosticDocument } from './gnostic/document.ts'
import { type Packed, pack } from './pack.ts'
import { openapiText, swaggerText } from './text.ts'

/** How the document of Swagger 2.0 is written. */
export type SwaggerForm = 'json' | 'protobuf'

/**
 * The documents of what is served: made when first asked for, kept compressed, and made anew when the resources they
 * describe are others.
 */
export class OpenapiDocuments {
  readonly #registry: Registry
  readonly #kept = new Map<string, Kept>()

  constructor(registry: Registry) {
    this.#registry = registry
  }

  /** `/openapi/v3`: where each document is; the URL names its contents, so that it may be kept for good. */
  async root(): Promise<JsonObject> {
    const paths: Record<string, JsonObject> = {}
    const wanted = this.#paths()
    for (const path of this.#kept.keys()) if (!path.startsWith('/') && !wanted.has(path)) this.#kept.delete(path)
    for (const path of wanted) {
      const packed = await this.version3(path)
      if (packed !== undefined) paths[path] = { serverRelativeURL: hashedUrl(path, packed) }
    }
    return { paths }
  }

  /** The document of OpenAPI 3.0 at a path of the root, such as `apis/apps/v1`; undefined when there is none. */
  version3(path: string): Promise<Packed> | undefined {
    if (!this.#paths().has(path)) return undefined
    const resources = this.#registry.all.filter(resource => pathOf(resource) === path)
    const contents = discoveryContents(path) ?? versionContents(resources)
    return this.#keep(path, resources, () => pack(openapiText(contents)))
  }

  /** The one document of Swagger 2.0. */
  version2(form: SwaggerForm): Promise<Packed> {
    const resources = this.#registry.all
    const contents: Contents = allContents(resources)
    return this.#keep(`/${form}`, resources, () =>
      pack(form === 'json' ? swaggerText(contents) : gnosticDocument(contents)),
    )
  }

  #paths(): ReadonlySet<string> {
    const paths = this.#registry.groupVersions.flatMap(({ group, version }) =>
      group === '' ? [`api/${version}`] : [`apis/${group}`, `apis/${group}/${version}`],
    )
    return new Set(['api', 'apis', 'version', ...paths].sort())
  }

  // A document that could not be made is tried again by the next who asks.
  #keep(key: string, resources: readonly Resource[], make: () => Promise<Packed>): Promise<Packed> {
    const kept = this.#kept.get(key)
    if (kept !== undefined && isSame(kept.resources, resources)) return kept.packed
    const packed = make()
    const made: Kept = { resources, packed }
    this.#kept.set(key, made)
    packed.catch(() => {
      if (this.#kept.get(key) === made) this.#kept.delete(key)
    })
    return packed
  }
}

/** The URL of a document with these contents. */
export function hashedUrl(path: string, { hash }: Packed): string {
  return `/openapi/v3/${path}?hash=${hash}`
}

interface Kept {
  readonly resources: readonly Resource[]
  readonly packed: Promise<Packed>
}

function pathOf({ group, version }: Resource): string {
  return group === '' ? `api/${version}` : `apis/${group}/${version}`
}

function isSame(one: readonly Resource[], other: readonly Resource[]): boolean {
  return one.length === other.length && one.every((resource, index) => resource === other[index])
}
