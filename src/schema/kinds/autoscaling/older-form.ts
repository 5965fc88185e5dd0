import { isJsonObject, type Json, type JsonObject, jsonAt, listAt, numberAt, textAt } from '../../json.ts'
import type { KubeObject } from '../../object.ts'

// What the first version has no fields for, it has in annotations (k8s.io/kubernetes/pkg/apis/autoscaling/v1).
const METRICS = 'autoscaling.alpha.kubernetes.io/metrics'
const BEHAVIOR = 'autoscaling.alpha.kubernetes.io/behavior'
const CONDITIONS = 'autoscaling.alpha.kubernetes.io/conditions'

/** An autoscaler of v2 in the words of v1. */
export function toV1(object: KubeObject): KubeObject {
  const { metrics: _, behavior, ...spec } = partOf(object, 'spec')
  const { currentMetrics: _m, conditions, ...status } = partOf(object, 'status')
  const metrics = listAt(object, 'spec', 'metrics')
  const share = metrics.map(shareOf).find(each => each !== undefined)
  const others = metrics.filter(each => shareOf(each) === undefined)
  const used = listAt(object, 'status', 'currentMetrics')
    .map(usedOf)
    .find(each => each !== undefined)
  const annotations = {
    ...object.metadata.annotations,
    ...(others.length === 0 ? {} : { [METRICS]: JSON.stringify(others) }),
    ...(behavior === undefined ? {} : { [BEHAVIOR]: JSON.stringify(behavior) }),
    ...(conditions === undefined ? {} : { [CONDITIONS]: JSON.stringify(conditions) }),
  }
  return {
    ...object,
    apiVersion: 'autoscaling/v1',
    metadata: { ...object.metadata, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
    spec: { ...spec, ...(share === undefined ? {} : { targetCPUUtilizationPercentage: share }) },
    ...(object['status'] === undefined
      ? {}
      : { status: { ...status, ...(used === undefined ? {} : { currentCPUUtilizationPercentage: used }) } }),
  }
}

/** An autoscaler of v1 in the words of v2. */
export function toV2(object: KubeObject): KubeObject {
  const { targetCPUUtilizationPercentage: share, ...spec } = partOf(object, 'spec')
  const { currentCPUUtilizationPercentage: used, ...status } = partOf(object, 'status')
  const {
    [METRICS]: others,
    [BEHAVIOR]: behavior,
    [CONDITIONS]: conditions,
    ...annotations
  } = object.metadata.annotations ?? {}
  const { annotations: _, ...metadata } = object.metadata
  const target = { type: 'Utilization', averageUtilization: share }
  const metrics = [
    ...(share === undefined ? [] : [{ type: 'Resource', resource: { name: 'cpu', target } }]),
    ...listAt({ metrics: parsed(others) }, 'metrics'),
  ]
  const current = { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: used } } }
  return {
    ...object,
    apiVersion: 'autoscaling/v2',
    metadata: { ...metadata, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
    spec: { ...spec, ...(metrics.length === 0 ? {} : { metrics }), ...named('behavior', parsed(behavior)) },
    ...(object['status'] === undefined
      ? {}
      : {
          status: {
            ...status,
            ...(used === undefined ? {} : { currentMetrics: [current] }),
            ...named('conditions', parsed(conditions)),
          },
        }),
  }
}

function partOf(object: KubeObject, name: string): JsonObject {
  const part = object[name]
  return isJsonObject(part) ? part : {}
}

function shareOf(metric: Json): number | undefined {
  if (textAt(metric, 'type') !== 'Resource' || textAt(metric, 'resource', 'name') !== 'cpu') return undefined
  return numberAt(metric, 'resource', 'target', 'averageUtilization')
}

function usedOf(metric: Json): number | undefined {
  if (textAt(metric, 'type') !== 'Resource' || textAt(metric, 'resource', 'name') !== 'cpu') return undefined
  return numberAt(jsonAt(metric, 'resource', 'current'), 'averageUtilization')
}

function named(name: string, value: Json | undefined): JsonObject {
  return value === undefined ? {} : { [name]: value }
}

// People may write anything into an annotation.
function parsed(text: string | undefined): Json | undefined {
  try {
    const value: Json | undefined = text === undefined ? undefined : JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
