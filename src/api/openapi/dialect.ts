import type { JsonObject } from '#schema'

/** The two forms of the documents: OpenAPI 3.0 and Swagger 2.0. */
export type Dialect = 'v2' | 'v3'

/** A reference to a definition, such as `io.k8s.api.core.v1.Pod`. */
export function reference(dialect: Dialect, definition: string): JsonObject {
  return { $ref: `#/${dialect === 'v3' ? 'components/schemas' : 'definitions'}/${definition}` }
}

/** Group, version and kind, as the extension x-kubernetes-group-version-kind has them. */
export interface GroupVersionKind extends JsonObject {
  readonly group: string
  readonly version: string
  readonly kind: string
}
