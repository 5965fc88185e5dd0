import { type FieldError, forbidden, invalid } from '../../field-error.ts'
import { changePart } from '../../fill.ts'
import { isJsonObject, isSameJson, type Json, jsonAt, type JsonObject, listAt, textAt } from '../../json.ts'
import type { KubeObject } from '../../object.ts'
import { compareQuantities, quantityOf } from '../../quantity.ts'
import { without } from '../../rules.ts'
import { containerDefaults, withRequests } from './defaults.ts'
import { qualityOf } from './quality.ts'

// Parts of a pod's spec that have a path of their own.

/** The pod with the ephemeral containers that were sent. */
export function withEphemeral(old: KubeObject, sent: KubeObject): KubeObject {
  const given = listAt(sent, 'spec', 'ephemeralContainers')
  const filled = given.map(each => (isJsonObject(each) ? without(containerDefaults(each), ['resources']) : each))
  return changePart(old, 'spec', spec => ({
    ...without(spec, ['ephemeralContainers']),
    ...(filled.length === 0 ? {} : { ephemeralContainers: filled }),
  }))
}

/** What is wrong with that: those that are there stay as they are (ValidatePodEphemeralContainersUpdate). */
export function ephemeralUpdateErrors(object: KubeObject, old: KubeObject): readonly FieldError[] {
  const at = 'spec.ephemeralContainers'
  const now = listAt(object, 'spec', 'ephemeralContainers')
  return listAt(old, 'spec', 'ephemeralContainers').flatMap(each => {
    const name = textAt(each, 'name') ?? ''
    const next = now.find(other => textAt(other, 'name') === name)
    if (next === undefined) return [forbidden(at, `existing ephemeral containers "${name}" may not be removed\n`)]
    return isSameJson(each, next) ? [] : [forbidden(at, `existing ephemeral containers "${name}" may not be changed\n`)]
  })
}

const LISTS = ['containers', 'initContainers'] as const

/** The pod with the amounts that its containers were sent with. */
export function withResources(old: KubeObject, sent: KubeObject): KubeObject {
  return changePart(old, 'spec', spec => {
    const changed = LISTS.filter(list => spec[list] !== undefined).map(list => [
      list,
      listAt(spec, list).map(each => resized(each, listAt(sent, 'spec', list))),
    ])
    return { ...spec, ...Object.fromEntries(changed) }
  })
}

function resized(container: Json, sent: readonly Json[]): Json {
  const next = sent.find(each => textAt(each, 'name') === textAt(container, 'name'))
  if (!isJsonObject(container) || next === undefined) return container
  const [resources, resizePolicy] = [jsonAt(next, 'resources'), jsonAt(next, 'resizePolicy')]
  return {
    ...without(container, ['resources', 'resizePolicy']),
    resources: isJsonObject(resources) ? withRequests(resources) : {},
    ...(resizePolicy === undefined ? {} : { resizePolicy }),
  }
}

/**
 * What is wrong with that: cpu and memory may change, none may be taken away, and how surely the pod has them stays
 * (ValidatePodResize).
 */
export function resizeErrors(object: KubeObject, old: KubeObject): readonly FieldError[] {
  const quality = qualityOf(object['spec'])
  const rule = 'Pod QOS Class may not change as a result of resizing'
  const isWindows = textAt(old, 'spec', 'os', 'name') === 'windows'
  if (isWindows) return [forbidden('', 'windows pods cannot be resized')]
  return [
    ...(quality === qualityOf(old['spec']) ? [] : [invalid('spec', quality, rule)]),
    ...LISTS.flatMap(list =>
      listAt(object, 'spec', list).flatMap((each, index) => {
        const before = listAt(old, 'spec', list)[index] ?? {}
        return containerResizeErrors(each, before, { field: `spec.${list}[${index}].resources`, list })
      }),
    ),
  ]
}

function containerResizeErrors(
  now: Json,
  before: Json,
  { field, list }: { readonly field: string; readonly list: string },
): FieldError[] {
  if (isSameJson(now, before)) return []
  const isLasting = list === 'containers' || jsonAt(now, 'restartPolicy') === 'Always'
  if (!isLasting) return [forbidden('spec', 'resources for non-sidecar init containers are immutable')]
  const errors = ['requests', 'limits'].flatMap(part => {
    const [next, last] = [amountsOf(now, part), amountsOf(before, part)]
    const isLess = Object.keys(last).some(name => next[name] === undefined)
    return isLess ? [forbidden(`${field}.${part}`, `resource ${part} cannot be removed`)] : []
  })
  const others = (each: Json) => ['requests', 'limits'].map(part => without(amountsOf(each, part), ['cpu', 'memory']))
  const what = list === 'containers' ? '' : ' for sidecar containers'
  const isOther = !isSameJson(others(now), others(before))
  return [
    ...errors,
    ...memoryErrors(now, before, field),
    ...(isOther ? [forbidden('spec', `only cpu and memory resources${what} are mutable`)] : []),
  ]
}

// Without a new beginning a program keeps the memory it has.
function memoryErrors(now: Json, before: Json, field: string): FieldError[] {
  const policy = listAt(now, 'resizePolicy').find(each => textAt(each, 'resourceName') === 'memory')
  if (textAt(policy, 'restartPolicy') === 'RestartContainer') return []
  const [next, last] = [now, before].map(each => quantityOf(amountsOf(each, 'limits')['memory']))
  if (next === undefined) return []
  const isLess = last !== undefined && compareQuantities(next, last) < 0
  if (last !== undefined && !isLess) return []
  const verb = last === undefined ? 'added' : 'decreased'
  const rule = `memory limits cannot be ${verb} unless resizePolicy is RestartContainer`
  return [forbidden(`${field}.limits[memory]`, rule)]
}

function amountsOf(container: Json, part: string): JsonObject {
  const amounts = jsonAt(container, 'resources', part)
  return isJsonObject(amounts) ? amounts : {}
}
