import { defineResource, textFields } from '../../define.ts'
import type { Json, JsonObject } from '../../json.ts'
import type { KubeObject } from '../../object.ts'
import { mustHave, oneOf } from '../../rules.ts'
import { kubernetesShape } from '../../shapes/read.ts'
import { eventColumns } from '../core/event.ts'

/** Events of the core group, in the words of the newer group: the same objects. */
export const event = defineResource({
  group: 'events.k8s.io',
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  shape: kubernetesShape('EventsV1Event'),
  table: eventColumns.map(column => ({ ...column, cell: (object, nowMs) => column.cell(toStored(object), nowMs) })),
  validate: object => [
    ...mustHave(object, 'reportingController', ''),
    ...mustHave(object, 'reportingInstance', ''),
    ...mustHave(object, 'action', ''),
    ...mustHave(object, 'reason', ''),
    ...oneOf(object, 'type', ['Normal', 'Warning'], ''),
  ],
  selectableFields: {
    ...textFields(
      'reason',
      'regarding.apiVersion',
      'regarding.fieldPath',
      'regarding.kind',
      'regarding.name',
      'regarding.namespace',
      'regarding.resourceVersion',
      'regarding.uid',
      'reportingController',
      'type',
    ),
  },
  storedForm: { group: '', plural: 'events', toServed, toStored },
  hasController: true,
})

// What the core group calls what this one calls otherwise.
const CORE_NAMES: Readonly<Record<string, string>> = {
  note: 'message',
  regarding: 'involvedObject',
  reportingController: 'reportingComponent',
  deprecatedCount: 'count',
  deprecatedFirstTimestamp: 'firstTimestamp',
  deprecatedLastTimestamp: 'lastTimestamp',
  deprecatedSource: 'source',
}
const NEW_NAMES = Object.fromEntries(Object.entries(CORE_NAMES).map(([name, core]) => [core, name]))

function toServed(stored: KubeObject): KubeObject {
  const { apiVersion: _, kind, metadata, ...rest } = stored
  const time = rest['eventTime'] ?? rest['firstTimestamp'] ?? metadata.creationTimestamp
  return { apiVersion: 'events.k8s.io/v1', kind, metadata, ...renamed(rest, NEW_NAMES), eventTime: micro(time) }
}

function toStored(served: KubeObject): KubeObject {
  const { apiVersion: _, kind, metadata, ...rest } = served
  return { apiVersion: 'v1', kind, metadata, ...renamed(rest, CORE_NAMES) }
}

function renamed(object: JsonObject, names: Readonly<Record<string, string>>): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [names[name] ?? name, value]))
}

// The newer group has times to the microsecond.
function micro(time: Json): Json {
  return typeof time === 'string' ? time.replace(/(:[0-9]{2})Z$/, '$1.000000Z') : time
}
