import { listText, wideColumn } from '../../columns.ts'
import { type Json, jsonAt } from '../../json.ts'
import type { Column } from '../../resource.ts'
import { selectorText } from './selector.ts'

/** The columns that `-o wide` adds to what makes pods: names and images of containers, and the selector. */
export function templateColumns(
  template: readonly string[] = ['spec', 'template'],
  selector: (spec: Json | undefined) => string = spec => selectorText(jsonAt(spec, 'selector')),
): readonly Column[] {
  return [
    ...containerColumns(template),
    wideColumn('Selector', object => selector(jsonAt(object, ...template.slice(0, -1)))),
  ]
}

/** Names and images of the containers of a template. */
export function containerColumns(template: readonly string[]): readonly Column[] {
  return [
    wideColumn('Containers', object => listText(jsonAt(object, ...template), 'spec.containers', 'name')),
    wideColumn('Images', object => listText(jsonAt(object, ...template), 'spec.containers', 'image')),
  ]
}
