import { isJsonObject, type Json, type JsonObject } from './json.ts'

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
