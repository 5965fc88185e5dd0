import type { Step } from '#base'
import type { Claims } from './claims.ts'
import type { ConversionWebhook } from './custom/conversion.ts'
import type { FieldError } from './field-error.ts'
import type { Json } from './json.ts'
import type { KubeObject } from './object.ts'
import type { ObjectShape } from './shape.ts'

/** A kind of object as data: everything the API needs to serve it. */
export interface Resource {
  /** Empty for the core group. */
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly plural: string
  readonly singular: string
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly isNamespaced: boolean
  readonly verbs: readonly ResourceVerb[]
  readonly shape: ObjectShape
  /** What the name must be; undefined when it may be. */
  readonly nameProblem: (name: string) => string | undefined
  readonly columns: readonly Column[]
  /** `status` can only be written, and is only written, through the subresource of that name. */
  readonly hasStatus: boolean
  readonly scale: ScalePaths | undefined
  /** What else has a path behind the object's name. */
  readonly subresources: readonly Subresource[]
  /** Answers the object with what people may leave out; `old` is what it replaces, where there is something. */
  readonly defaults: (object: KubeObject, old?: KubeObject) => KubeObject
  /** The object with what the API itself says in it of who makes it, whatever was sent; undefined when that is nothing. */
  readonly authored: ((object: KubeObject, author: Author) => KubeObject) | undefined
  /** Does beforehand what `validate` would be long about, with `step` between; undefined when it is not. */
  readonly prepares: ((object: KubeObject, step: Step) => Promise<void>) | undefined
  /** What is wrong with an object that is to be stored; `old` is what it replaces. */
  readonly validate: (object: KubeObject, old: KubeObject | undefined) => readonly FieldError[]
  /** What objects have alone; undefined when that is nothing but their names. */
  readonly claims: Claims | undefined
  /** Fields that a field selector may name, beside metadata.name and metadata.namespace. */
  readonly selectableFields: Readonly<Record<string, (object: KubeObject) => string>>
  /** False: objects are kept, and nothing acts on them yet. */
  readonly hasController: boolean
  /** Why nothing acts on this object, although something does on others of its kind; undefined when something does. */
  readonly whyIdle: ((object: KubeObject) => string | undefined) | undefined
  /** How the objects lie in the store; undefined: as they are served, under group and plural. */
  readonly storedForm: StoredForm | undefined
  /** Set for kinds that people have defined. */
  readonly custom: CustomFacts | undefined
}

/** Who makes an object. */
export interface Author {
  readonly name: string
  readonly uid: string | undefined
  readonly groups: readonly string[]
  readonly extra: Readonly<Record<string, readonly string[]>>
}

/** A path behind an object's name, beside `status` and `scale`. */
export interface Subresource {
  readonly name: string
  /** What is sent and answered; group and version are those of the resource unless they are named. */
  readonly kind: string
  readonly group?: string
  readonly version?: string
  readonly verbs: readonly ResourceVerb[]
  /** The object with the part that may be written here as it was sent; undefined when it is no part of the object. */
  readonly write?: (old: KubeObject, sent: KubeObject) => KubeObject
  /** What is wrong with the object as it is written here, instead of what is wrong with an update. */
  readonly validate?: (object: KubeObject, old: KubeObject) => readonly FieldError[]
}

/** Another form of the same objects, which is the one that is stored. */
export interface StoredForm {
  /** Set when a webhook makes objects of one version those of another: the apiVersions of those served and stored. */
  readonly conversion?:
    | { readonly webhook: ConversionWebhook; readonly served: string; readonly storage: string }
    | undefined
  readonly group: string
  readonly plural: string
  readonly toServed: (stored: KubeObject) => KubeObject
  readonly toStored: (served: KubeObject) => KubeObject
}

/** What is special about the kinds that people define. */
export interface CustomFacts {
  /** Sent as a warning with every answer; undefined unless this version is deprecated. */
  readonly deprecation: string | undefined
  /** The definition is being deleted: nothing can be made any more. */
  readonly isTerminating: boolean
}

/** What can be done to the objects of a resource. */
export type ResourceVerb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch'

/** Where the scale subresource finds its numbers, as paths of names. */
export interface ScalePaths {
  readonly replicas: readonly string[]
  readonly status: readonly string[]
  readonly selector: readonly string[]
}

/** A column of `kubectl get`. */
export interface Column {
  readonly name: string
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date'
  readonly format: '' | 'name'
  readonly description: string
  /** 0: always shown; above: with `-o wide`. */
  readonly priority: number
  readonly cell: (object: KubeObject, nowMs: number) => Json
}

/** All that can be done. */
export const ALL_VERBS: readonly ResourceVerb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
]
