import type { Json, JsonObject } from '#schema'
import type { Encoding } from './negotiate.ts'
import { yamlItem, yamlText } from './yaml.ts'

/** How a list is written while it is read: what comes first, each of its items, and what comes last. */
export interface ListText {
  readonly head: string
  readonly item: (value: Json, isFirst: boolean) => string
  readonly tail: (isEmpty: boolean) => string
}

/** A list whose items stand in a field of `head`, behind its others. */
export function listText(encoding: Encoding, head: JsonObject, field: string): ListText {
  if (encoding === 'json') {
    return {
      head: `${JSON.stringify(head).slice(0, -1)},"${field}":[`,
      item: (value, isFirst) => `${isFirst ? '' : ','}${JSON.stringify(value)}`,
      tail: () => ']}\n',
    }
  }
  return {
    head: `${yamlText(head)}${field}:`,
    item: (value, isFirst) => `${isFirst ? '\n' : ''}${yamlItem(value)}`,
    tail: isEmpty => (isEmpty ? ' []\n' : ''),
  }
}
