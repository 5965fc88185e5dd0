import { isJsonObject, type Json, type JsonObject } from '../json.ts'
import type { KubeObject } from '../object.ts'

/** What of an object has owners: all but its kind, and the metadata that only the API sets or nobody may change. */
export function bare(object: KubeObject | undefined): JsonObject {
  if (object === undefined) return NOTHING
  const { apiVersion: _version, kind: _kind, metadata, ...rest } = object
  const { name: _name, namespace: _namespace, uid: _uid, creationTimestamp: _created, ...more } = metadata
  const { generation: _generation, managedFields: _fields, resourceVersion: _revision, selfLink: _link, ...set } = more
  return { ...rest, metadata: set }
}

/** An object with other owned parts. */
export function clothed(object: KubeObject, parts: JsonObject): KubeObject {
  const { apiVersion, kind, metadata } = object
  const { name, namespace, uid, creationTimestamp, generation, managedFields, resourceVersion } = metadata
  const fixed = { generation, managedFields, resourceVersion, namespace }
  const given = isJsonObject(parts['metadata']) ? parts['metadata'] : {}
  return { ...parts, apiVersion, kind, metadata: { ...given, ...defined(fixed), name, uid, creationTimestamp } }
}

function defined(values: Readonly<Record<string, Json | undefined>>): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}

const NOTHING: JsonObject = { metadata: {} }
