import { isJsonObject, type Json } from '#schema'

/** A patch as Kubernetes shows it in a refusal, such as `map[spec:map[replicas:x]]` (Go's fmt, verb `%+v`). */
export function mapText(value: Json | undefined): string {
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(mapText).join(' ')}]`
  if (!isJsonObject(value)) return typeof value === 'string' ? value : JSON.stringify(value)
  const keys = Object.keys(value).toSorted()
  return `map[${keys.map(key => `${key}:${mapText(value[key])}`).join(' ')}]`
}
