import { assert } from '#base'
import type { KeyValue, Revision } from '#keyspace'
import { isKubeObject, type KubeObject } from '#schema'

/** An object as it is stored: JSON without the resourceVersion, which is the revision of its key. */
export function bytesOf({ metadata, ...rest }: KubeObject): Uint8Array {
  const { resourceVersion: _, ...stored } = metadata
  return Buffer.from(JSON.stringify({ ...rest, metadata: stored }))
}

/** Reads what {@link bytesOf} wrote. */
export function objectOf({ value, modRevision }: KeyValue): KubeObject {
  const object: unknown = JSON.parse(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8'))
  assert(isKubeObject(object as KubeObject), 'a stored object is an object')
  return withRevision(object as KubeObject, modRevision)
}

/** An object with the revision it was stored at. */
export function withRevision(object: KubeObject, revision: Revision): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } }
}
