import { type Json, jsonAt, listAt, textAt, wordOf } from '../../json.ts'
import type { KubeObject } from '../../object.ts'

/** What an autoscaler has and wants of each metric, as kubectl shows it, such as `cpu: 10%/80%`. */
export function targetsText(object: KubeObject): string {
  const current = listAt(object, 'status', 'currentMetrics')
  const shown = listAt(object, 'spec', 'metrics').map((metric, index) => metricText(metric, current[index]))
  if (shown.length === 0) return '<none>'
  const rest = shown.length - SHOWN
  return `${shown.slice(0, SHOWN).join(', ')}${rest > 0 ? ` + ${rest} more...` : ''}`
}

const SHOWN = 2

function metricText(metric: Json, current: Json | undefined): string {
  const type = textAt(metric, 'type') ?? ''
  const source = `${type.charAt(0).toLowerCase()}${type.slice(1)}`
  const target = jsonAt(metric, source, 'target')
  const now = jsonAt(current, source, 'current')
  const isResource = type === 'Resource' || type === 'ContainerResource'
  const name = isResource ? `${textAt(metric, source, 'name') ?? ''}: ` : ''
  const share = jsonAt(target, 'averageUtilization')
  if (isResource && share !== undefined) {
    const used = jsonAt(now, 'averageUtilization')
    return `${name}${used === undefined ? '<unknown>' : `${wordOf(used)}%`}/${wordOf(share)}%`
  }
  const field = jsonAt(target, 'averageValue') === undefined ? 'value' : 'averageValue'
  const average = field === 'averageValue' && (type === 'Object' || type === 'External') ? ' (avg)' : ''
  return `${name}${wordOf(jsonAt(now, field)) || '<unknown>'}/${wordOf(jsonAt(target, field)) || '<auto>'}${average}`
}
