import { isJsonObject, type Json, type JsonObject, textAt } from './json.ts'

/** An object of the API: a JSON object with a kind and metadata. */
export interface KubeObject extends JsonObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: ObjectMeta
}

/** What every object has (k8s.io/apimachinery/pkg/apis/meta/v1 ObjectMeta); times are RFC 3339 to the second. */
export interface ObjectMeta extends JsonObject {
  readonly name: string
  readonly namespace?: string | undefined
  readonly uid: string
  /** Opaque to people; the revision of the last change. Not stored. */
  readonly resourceVersion?: string | undefined
  /** Counts changes of what is wanted: of everything but metadata and status. */
  readonly generation?: number | undefined
  readonly creationTimestamp: string
  readonly deletionTimestamp?: string | undefined
  readonly deletionGracePeriodSeconds?: number | undefined
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly finalizers?: readonly string[]
  readonly ownerReferences?: readonly OwnerReference[]
}

/** Who an object goes with. */
export interface OwnerReference extends JsonObject {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
  readonly controller?: boolean
  readonly blockOwnerDeletion?: boolean
}

/** `GROUP/VERSION`, or the version alone for the core group. */
export function apiVersionOf(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`
}

/** True for JSON that has what every object has. */
export function isKubeObject(value: Json | undefined): value is KubeObject {
  return (
    isJsonObject(value) &&
    typeof value['apiVersion'] === 'string' &&
    typeof value['kind'] === 'string' &&
    textAt(value, 'metadata', 'name') !== undefined &&
    textAt(value, 'metadata', 'uid') !== undefined
  )
}
