import { isJsonObject, type Json, type JsonObject } from './json.ts'
import type { KubeObject } from './object.ts'

/** The object with those of these fields that it has not. */
export function fill(object: JsonObject, missing: JsonObject): JsonObject {
  return { ...missing, ...object }
}

/** The object with one field changed, when it has it. */
export function change(object: JsonObject, name: string, run: (value: Json) => Json): JsonObject {
  const value = object[name]
  return value === undefined || value === null ? object : { ...object, [name]: run(value) }
}

/** As {@link change} of a field that is an object. */
export function changeObject(object: JsonObject, name: string, run: (value: JsonObject) => JsonObject): JsonObject {
  return change(object, name, value => (isJsonObject(value) ? run(value) : value))
}

/** As {@link change} of every object in a list. */
export function changeEach(object: JsonObject, name: string, run: (value: JsonObject) => JsonObject): JsonObject {
  return change(object, name, value =>
    Array.isArray(value) ? value.map((item: Json) => (isJsonObject(item) ? run(item) : item)) : value,
  )
}

/** The object with a part of it changed, when that part is an object. */
export function changePart(object: KubeObject, name: string, run: (part: JsonObject) => JsonObject): KubeObject {
  const part = object[name]
  return isJsonObject(part) ? { ...object, [name]: run(part) } : object
}

/** As {@link changePart}, and an empty part where there is none. */
export function fillPart(object: KubeObject, name: string, missing: JsonObject): KubeObject {
  const part = object[name]
  return { ...object, [name]: fill(isJsonObject(part) ? part : {}, missing) }
}
