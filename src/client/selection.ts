import type { Json, KubeObject } from '#schema'

/** Which objects are meant, and how they are shown: whole, or without anything but metadata. */
export interface Selection {
  readonly namespace?: string | undefined
  readonly labels?: string | undefined
  readonly fields?: string | undefined
  readonly view?: 'object' | 'metadata' | undefined
}

/** A list at one revision, or a page of it. */
export interface ObjectList {
  readonly revision: string
  readonly objects: readonly KubeObject[]
  /** Asks for the next page; undefined when this is the last. */
  readonly next: string | undefined
}

/** A patch, by its type. */
export interface Patch {
  readonly type: PatchType
  readonly body: Json
  /** A subresource, such as `status`. */
  readonly part?: string | undefined
  /** Who applies; needed for `apply`. */
  readonly fieldManager?: string | undefined
  /** Takes fields from others that own them; only for `apply`. */
  readonly isForced?: boolean | undefined
}

/** What a deletion is bound to, and what becomes of what the object owns. */
export interface Deletion {
  readonly uid?: string | undefined
  readonly resourceVersion?: string | undefined
  readonly propagation?: 'Background' | 'Foreground' | 'Orphan' | undefined
  readonly graceSeconds?: number | undefined
}

/** Where a watch begins, and how long it lasts. */
export interface WatchFrom {
  /** Changes behind this revision. */
  readonly after: string
  readonly seconds: number
}

/** How a patch is written: merge patch (RFC 7396), JSON patch (RFC 6902), Kubernetes' strategic merge, server-side apply. */
export type PatchType = 'merge' | 'json' | 'strategic' | 'apply'
