import { isJsonObject, type Json, type JsonObject, jsonAt, type KubeObject, listAt, textAt } from '#schema'
import type { FilesystemState } from './plan.ts'

/** Something that holds of a Filesystem, or not, and why. */
export interface Holds {
  readonly type: 'Mounted' | 'Limited'
  readonly isTrue: boolean
  readonly reason: string
  readonly message: string
}

/** What a status tells, beside the state. */
export interface Told {
  readonly time: string
  /** Fields to be set, or with undefined taken away. */
  readonly fields?: Readonly<Record<string, Json | undefined>>
  /** All that holds beside Ready; as it was when undefined. */
  readonly holds?: readonly Holds[]
}

/** The status of an object in a state; equal to the old one when it says the same. */
export function statusIn(object: KubeObject, { phase, reason, message }: FilesystemState, told: Told): JsonObject {
  const old: JsonObject = isJsonObject(object['status']) ? object['status'] : {}
  const ready = { type: 'Ready', isTrue: phase === 'Ready', reason, message }
  const conditions = [ready, ...(told.holds ?? [])].map(each => conditionOf(object, each, told.time))
  const kept =
    told.holds === undefined ? listAt(old, 'conditions').filter(each => textAt(each, 'type') !== 'Ready') : []
  const { generation } = object.metadata
  const fields = { ...old, ...told.fields, phase, message, conditions: [...conditions, ...kept] }
  const present = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
  return { ...Object.fromEntries(present), ...(generation === undefined ? {} : { observedGeneration: generation }) }
}

function conditionOf(
  object: KubeObject,
  { type, isTrue, reason, message }: Omit<Holds, 'type'> & { readonly type: string },
  time: string,
): JsonObject {
  const before = listAt(jsonAt(object, 'status'), 'conditions').find(each => textAt(each, 'type') === type)
  const status = isTrue ? 'True' : 'False'
  const since = textAt(before, 'status') === status ? textAt(before, 'lastTransitionTime') : undefined
  const { generation } = object.metadata
  return {
    type,
    status,
    reason,
    message,
    lastTransitionTime: since ?? time,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  }
}
