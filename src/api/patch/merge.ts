import { isJsonObject, type Json, putField } from '#schema'

/** JSON Merge Patch, RFC 7396: objects are merged, `null` removes, everything else replaces. */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isJsonObject(patch)) return patch
  const merged: Record<string, Json | undefined> = { ...(isJsonObject(target) ? target : {}) }
  for (const [key, value] of Object.entries(patch)) {
    if (value === null || value === undefined) Reflect.deleteProperty(merged, key)
    else putField(merged, key, mergePatch(Object.hasOwn(merged, key) ? merged[key] : undefined, value))
  }
  return merged
}
