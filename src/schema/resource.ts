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
  /** Answers the object with what people may leave out. */
  readonly defaults: (object: KubeObject) => KubeObject
  /** What is wrong with an object that is to be stored; `old` is what it replaces. */
  readonly validate: (object: KubeObject, old: KubeObject | undefined) => readonly FieldError[]
  /** Fields that a field selector may name, beside metadata.name and metadata.namespace. */
  readonly selectableFields: Readonly<Record<string, (object: KubeObject) => string>>
  /** False: objects are kept, and nothing acts on them yet. */
  readonly hasController: boolean
  /** Set for kinds that people have defined. */
  readonly custom: CustomFacts | undefined
}

/** What is special about the kinds that people define. */
export interface CustomFacts {
  /** The version of the group that objects are stored as. */
  readonly storageVersion: string
  /** An object as it was stored, as this version has it: pruned, and with the defaults of today. */
  readonly restore: (object: KubeObject) => KubeObject
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
