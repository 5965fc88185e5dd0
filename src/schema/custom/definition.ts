import { fill } from '../fill.ts'
import { isJsonObject, type Json, type JsonObject, jsonAt, listAt, textAt } from '../json.ts'
import type { KubeObject } from '../object.ts'

/** What a kind is called. */
export interface DefinedNames {
  readonly plural: string
  readonly singular: string
  readonly kind: string
  readonly listKind: string
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
}

/** The versions of a definition, as written. */
export function versionsOf(definition: KubeObject): readonly JsonObject[] {
  return listAt(definition, 'spec', 'versions').filter(isJsonObject)
}

/** The name of the version that objects are stored as. */
export function storageVersionOf(definition: KubeObject): string {
  const version = versionsOf(definition).find(each => each['storage'] === true)
  return textAt(version, 'name') ?? ''
}

/** The names in a definition's spec, or those it was granted: `acceptedNames` of its status. */
export function namesIn(names: Json | undefined): DefinedNames {
  const words = (field: string) => listAt(names, field).filter(each => typeof each === 'string')
  return {
    plural: textAt(names, 'plural') ?? '',
    singular: textAt(names, 'singular') ?? '',
    kind: textAt(names, 'kind') ?? '',
    listKind: textAt(names, 'listKind') ?? '',
    shortNames: words('shortNames'),
    categories: words('categories'),
  }
}

/** A condition of a definition, such as `Established`. */
export function conditionOf(definition: KubeObject, type: string): Json | undefined {
  return listAt(definition, 'status', 'conditions').find(each => textAt(each, 'type') === type)
}

/** True when a condition is. */
export function isTrue(definition: KubeObject, type: string): boolean {
  return textAt(conditionOf(definition, type), 'status') === 'True'
}

/** A definition with what people may leave out; versions that objects have been stored as are kept in its status. */
export function definitionDefaults(definition: KubeObject): KubeObject {
  const spec = jsonAt(definition, 'spec')
  if (!isJsonObject(spec)) return definition
  const names = isJsonObject(spec['names']) ? spec['names'] : {}
  const kind = textAt(names, 'kind') ?? ''
  const named = fill(names, { singular: kind.toLowerCase(), listKind: kind === '' ? '' : `${kind}List` })
  const storage = storageVersionOf(definition)
  const before = listAt(definition, 'status', 'storedVersions')
  const storedVersions = storage === '' || before.includes(storage) ? before : [...before, storage]
  const status = isJsonObject(definition['status']) ? definition['status'] : {}
  return {
    ...definition,
    spec: { ...fill(spec, { conversion: { strategy: 'None' } }), names: named },
    status: { ...fill(status, { conditions: [], acceptedNames: { plural: '', kind: '' } }), storedVersions },
  }
}

/** Holds a definition that is being deleted until its objects are gone. */
export const CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io'
