import { ageColumn, nameColumn } from './columns.ts'
import { subdomainProblem } from './names.ts'
import { ALL_VERBS, type Column, type Resource } from './resource.ts'
import type { ObjectShape } from './shape.ts'

/** A resource by what is special about it; the rest is as most are. */
export type ResourceSketch = Pick<Resource, 'group' | 'kind' | 'plural'> & {
  readonly shape: ObjectShape
  /** Between name and age. */
  readonly columns?: readonly Column[]
} & Partial<Omit<Resource, 'columns' | 'shape'>>

/** Fills in what a sketch leaves out. */
export function defineResource(sketch: ResourceSketch): Resource {
  const { columns = [], ...rest } = sketch
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
    defaults: object => object,
    validate: () => [],
    selectableFields: {},
    hasController: false,
    custom: undefined,
    ...rest,
    columns: [nameColumn, ...columns, ageColumn],
  }
}
