import type { Column, JsonObject, KubeObject, Resource } from '#schema'

/** What a row carries of its object: its metadata, all of it, or nothing. */
export type Include = 'Metadata' | 'Object' | 'None'

/** Objects as rows with the columns of their kind (k8s.io/apimachinery/pkg/apis/meta/v1 Table). */
export function tableOf(
  resource: Resource,
  objects: readonly KubeObject[],
  how: { readonly include: Include; readonly metadata: JsonObject; readonly nowMs: number },
): JsonObject {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: how.metadata,
    columnDefinitions: columnsOf(resource),
    rows: objects.map(object => rowOf(resource, object, how)),
  }
}

/** The columns of a resource's table. */
export function columnsOf(resource: Resource): JsonObject[] {
  return resource.columns.map(definition)
}

/** An object as a row. */
export function rowOf(
  resource: Resource,
  object: KubeObject,
  { include, nowMs }: { readonly include: Include; readonly nowMs: number },
): JsonObject {
  return { cells: resource.columns.map(column => column.cell(object, nowMs)), ...included(object, include) }
}

/** An object's metadata without the rest of it. */
export function partialOf({ metadata }: KubeObject): JsonObject {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata }
}

function included(object: KubeObject, include: Include): JsonObject {
  if (include === 'None') return {}
  return { object: include === 'Object' ? object : partialOf(object) }
}

function definition({ name, type, format, description, priority }: Column): JsonObject {
  return { name, type, format, description, priority }
}
