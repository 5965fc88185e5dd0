import { ageColumn, nameColumn } from './columns.ts'
import { jsonAt, wordOf } from './json.ts'
import { subdomainProblem } from './names.ts'
import type { KubeObject } from './object.ts'
import { ALL_VERBS, type Column, type Resource } from './resource.ts'
import type { ObjectShape } from './shape.ts'

/** A resource by what is special about it; the rest is as most are. */
export type ResourceSketch = Pick<Resource, 'group' | 'kind' | 'plural'> & {
  readonly shape: ObjectShape
  /** Between name and age; age stands before those that are shown with `-o wide` only. */
  readonly columns?: readonly Column[]
  /** All columns, for kinds whose name and age stand elsewhere. */
  readonly table?: readonly Column[]
} & Partial<Omit<Resource, 'columns' | 'shape'>>

/** Fills in what a sketch leaves out. */
export function defineResource(sketch: ResourceSketch): Resource {
  const { columns = [], table, ...rest } = sketch
  return {
    version: 'v1',
    singular: sketch.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    isNamespaced: true,
    verbs: ALL_VERBS,
    nameProblem: subdomainProblem,
    hasStatus: false,
    scale: undefined,
    subresources: [],
    defaults: object => object,
    authored: undefined,
    prepares: undefined,
    validate: () => [],
    claims: undefined,
    selectableFields: {},
    hasController: false,
    whyIdle: undefined,
    storedForm: undefined,
    custom: undefined,
    ...rest,
    columns: table ?? withNameAndAge(columns),
  }
}

function withNameAndAge(columns: readonly Column[]): readonly Column[] {
  const always = columns.filter(({ priority }) => priority === 0)
  return [nameColumn, ...always, ageColumn, ...columns.filter(({ priority }) => priority > 0)]
}

/** What a field selector compares: the text at each of these paths, by path. */
export function textFields(...paths: readonly string[]): Resource['selectableFields'] {
  return Object.fromEntries(
    paths.map(path => {
      const names = path.split('.')
      return [path, (object: KubeObject) => wordOf(jsonAt(object, ...names))]
    }),
  )
}
