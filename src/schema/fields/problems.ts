import type { Json } from '../json.ts'
import type { Shape } from '../shape.ts'
import { fieldShape, itemsByElement, listIn, mergingOf, objectIn } from './merging.ts'
import { fieldElement, missingKeys, type PathElement, pathText } from './path.ts'

/** Why a value cannot be applied, in Kubernetes' words: items without their keys, or with the same. Empty when it can. */
export function applyProblems(shape: Shape | undefined, value: Json, path: readonly PathElement[] = []): string[] {
  const merging = mergingOf(shape, value)
  if (merging.kind === 'one') return []
  if (merging.kind === 'fields') {
    return Object.entries(objectIn(value)).flatMap(([name, field]) =>
      typeof field !== 'object' ? [] : applyProblems(fieldShape(shape, name), field, [...path, fieldElement(name)]),
    )
  }
  const missing = listIn(value).flatMap((item, index) =>
    missingKeys(merging.facts, item).map(
      key =>
        `${pathText(path)}: element ${index}: associative list with keys has an element that omits key field "${key}" (and doesn't have default value)`,
    ),
  )
  const items = [...itemsByElement(merging.facts, listIn(value))]
  return [
    ...missing,
    ...items.flatMap(([element, same]) =>
      same.length > 1
        ? [`${pathText(path)}: duplicate entries for key ${pathText([element])}`]
        : same.flatMap(item => applyProblems(merging.items, item, [...path, element])),
    ),
  ]
}
