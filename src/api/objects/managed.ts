import { apiVersionOf, type FieldManager, type Json, type KubeObject, notingUpdate, type Resource } from '#schema'

/** Who writes, and when. */
export interface Writer {
  readonly manager: string
  /** Empty for the object itself. */
  readonly subresource: string
  /** RFC 3339 to the second. */
  readonly time: string
}

/** A written object with who has set which of its fields, in steps; `old` is what it replaces. */
export function* noting(
  resource: Resource,
  { old, now }: { readonly old: KubeObject | undefined; readonly now: KubeObject },
  writer: Writer,
): Generator<void, KubeObject> {
  const fields = yield* notingUpdate({ shape: resource.shape, old, now, by: fieldManager(resource, writer) })
  return withManagedFields(now, fields)
}

/** A writer as field sets know him. The status is set through the path of that name, and not by those of the object. */
export function fieldManager(resource: Resource, { manager, subresource, time }: Writer): FieldManager {
  const part = subresource === 'status' ? 'status' : subresource === '' && resource.hasStatus ? 'spec' : 'object'
  return { name: manager, apiVersion: apiVersionOf(resource.group, resource.version), subresource, part, time }
}

/** An object with these entries of who has set what; with none when undefined. */
export function withManagedFields(object: KubeObject, fields: Json | undefined): KubeObject {
  const { managedFields, ...metadata } = object.metadata
  if (fields === managedFields) return object
  const { name, uid, creationTimestamp } = object.metadata
  const noted = fields === undefined ? {} : { managedFields: fields }
  return { ...object, metadata: { ...metadata, ...noted, name, uid, creationTimestamp } }
}
