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
    const wanted = this.#byPath()
    for (const key of this.#kept.keys()) if (!key.startsWith('/') && !wanted.has(key)) this.#kept.delete(key)
    const paths: [string, JsonObject][] = []
    for (const [path, resources] of wanted) {
      paths.push([path, { serverRelativeURL: hashedUrl(path, await this.#version3(path, resources)) }])
    }
    return { paths: Object.fromEntries(paths) }
  }

  /** The document of OpenAPI 3.0 at a path of the root, such as `apis/apps/v1`; undefined when there is none. */
  version3(path: string): Promise<Packed> | undefined {
    const resources = this.#byPath().get(path)
    return resources === undefined ? undefined : this.#version3(path, resources)
  }

  /** The one document of Swagger 2.0. */
  version2(form: SwaggerForm): Promise<Packed> {
    const resources = this.#registry.all
    const contents: Contents = allContents(resources)
    return this.#keep(`/${form}`, resources, () =>
      pack(form === 'json' ? swaggerText(contents) : gnosticDocument(contents)),
    )
  }

  #version3(path: string, resources: readonly Resource[]): Promise<Packed> {
    const contents = discoveryContents(path) ?? versionContents(resources)
    return this.#keep(path, resources, () => pack(openapiText(contents)))
  }

  // The resources that each document describes; those by which clients find out what there is describe none.
  #byPath(): ReadonlyMap<string, readonly Resource[]> {
    const paths = new Map<string, Resource[]>(['api', 'apis', 'version'].map(path => [path, []]))
    for (const resource of this.#registry.all) {
      const { group, version } = resource
      if (group !== '') paths.set(`apis/${group}`, [])
      const path = group === '' ? `api/${version}` : `apis/${group}/${version}`
      const known = paths.get(path)
      if (known === undefined) paths.set(path, [resource])
      else known.push(resource)
    }
    return paths
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

function isSame(one: readonly Resource[], other: readonly Resource[]): boolean {
  return one.length === other.length && one.every((resource, index) => resource === other[index])
}
