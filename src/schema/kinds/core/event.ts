import { ageOf, at, column, nameColumn, wideColumn } from '../../columns.ts'
import { defineResource, textFields } from '../../define.ts'
import { type FieldError, invalid } from '../../field-error.ts'
import { jsonAt, numberAt, textAt } from '../../json.ts'
import type { KubeObject } from '../../object.ts'
import type { Column } from '../../resource.ts'
import { kubernetesShape } from '../../shapes/read.ts'

/** The columns of events, whichever group they are asked from; they are made of an event of the core group. */
export const eventColumns: readonly Column[] = [
  column('Last Seen', (object, nowMs) => ageOf(lastSeen(object), nowMs)),
  column('Type', at('type')),
  column('Reason', at('reason')),
  column('Object', objectText),
  wideColumn('Subobject', at('involvedObject.fieldPath')),
  wideColumn('Source', sourceText),
  column('Message', object => (textAt(object, 'message') ?? '').trim()),
  wideColumn('First Seen', (object, nowMs) => ageOf(firstSeen(object), nowMs)),
  wideColumn('Count', object => numberAt(object, 'series', 'count') ?? (numberAt(object, 'count') || 1)),
  { ...nameColumn, priority: 1 },
]

/** Something that happened to an object. */
export const event = defineResource({
  group: '',
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  shape: kubernetesShape('CoreV1Event'),
  table: eventColumns,
  validate: eventErrors,
  selectableFields: {
    ...textFields(
      'involvedObject.apiVersion',
      'involvedObject.fieldPath',
      'involvedObject.kind',
      'involvedObject.name',
      'involvedObject.namespace',
      'involvedObject.resourceVersion',
      'involvedObject.uid',
      'reason',
      'reportingComponent',
      'type',
    ),
    source: object => textAt(object, 'source', 'component') ?? textAt(object, 'reportingComponent') ?? '',
  },
  hasController: true,
})

/** What is wrong with an event of the core group. */
export function eventErrors(object: KubeObject): readonly FieldError[] {
  const inside = textAt(object, 'involvedObject', 'namespace') ?? ''
  const { namespace } = object.metadata
  const isSame = inside === '' ? namespace === 'default' || namespace === 'kube-system' : inside === namespace
  if (isSame) return []
  return [invalid('involvedObject.namespace', inside, 'does not match event.namespace')]
}

function firstSeen(object: KubeObject): string | undefined {
  return textAt(object, 'firstTimestamp') ?? textAt(object, 'eventTime')
}

function lastSeen(object: KubeObject): string | undefined {
  return textAt(object, 'series', 'lastObservedTime') ?? textAt(object, 'lastTimestamp') ?? firstSeen(object)
}

function objectText(object: KubeObject): string {
  const kind = (textAt(object, 'involvedObject', 'kind') ?? '').toLowerCase()
  const name = textAt(object, 'involvedObject', 'name') ?? ''
  return name === '' ? kind : `${kind}/${name}`
}

function sourceText(object: KubeObject): string {
  const source = jsonAt(object, 'source')
  const component = textAt(source, 'component') ?? textAt(object, 'reportingComponent') ?? ''
  const host = textAt(source, 'host') ?? textAt(object, 'reportingInstance') ?? ''
  return [component, host].filter(part => part !== '').join(', ')
}
