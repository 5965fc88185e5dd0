import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { assert } from '#base'
import { isJsonObject, type Json, type JsonObject } from '#schema'
import { type FieldForm, MESSAGES } from './messages.ts'

/** A JSON object as a message of package openapi.v2. Words that the message has no field for are left out. */
export function encodeMessage(name: string, value: JsonObject): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter()
  writeMessage(writer, name, value)
  return writer.finish()
}

/** One entry of a message of named entries. */
export function encodeNamed(number: number, name: string, [message, value]: readonly [string, JsonObject]) {
  const writer = new BinaryWriter()
  writeNamed(writer, number, name, () => writeMessage(writer, message, value))
  return writer.finish()
}

/** A field of a message that holds bytes: another message. */
export function encodeField(number: number, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(bytes).finish()
}

function writeMessage(writer: BinaryWriter, name: string, value: JsonObject): void {
  const facts = MESSAGES[name]
  assert(facts !== undefined, `no message ${name}`)
  for (const [word, item] of Object.entries(value)) {
    if (item === undefined) continue
    const { extensions, fields } = facts
    const fact = Object.hasOwn(fields, word) ? fields[word] : undefined
    if (fact !== undefined) writeField(writer, fact[0], fact[1], item)
    else if (word.startsWith('x-') && extensions !== undefined) {
      writeNamed(writer, extensions, word, () => writeAny(writer, item))
    }
  }
}

function writeField(writer: BinaryWriter, number: number, form: FieldForm, value: Json): void {
  const special = SPECIAL[form]
  if (special !== undefined) return special(writer, number, value)
  const message = form.replace(/^[[{]|[\]}]$/g, '')
  if (form.startsWith('{')) {
    return inside(writer, number, () => {
      for (const [name, item] of Object.entries(objectOf(value))) {
        writeNamed(writer, 1, name, () => writeMessage(writer, message, objectOf(item)))
      }
    })
  }
  for (const item of form.startsWith('[') ? listOf(value) : [value]) {
    inside(writer, number, () => writeMessage(writer, message, objectOf(item)))
  }
}

// What is no message of JSON's own making, by its form in `MESSAGES`.
const SPECIAL: Readonly<Record<string, (writer: BinaryWriter, number: number, value: Json) => void>> = {
  text: (writer, number, value) => void writer.tag(number, WireType.LengthDelimited).string(textOf(value)),
  flag: (writer, number, value) => void writer.tag(number, WireType.Varint).bool(value === true),
  count: (writer, number, value) => {
    if (Number.isSafeInteger(value)) writer.tag(number, WireType.Varint).int64(Number(value))
  },
  double: (writer, number, value) => void writer.tag(number, WireType.Bit64).double(Number(value)),
  texts: (writer, number, value) => {
    for (const item of listOf(value)) writer.tag(number, WireType.LengthDelimited).string(textOf(item))
  },
  any: (writer, number, value) => inside(writer, number, () => writeAny(writer, value)),
  anys: (writer, number, value) => {
    for (const item of listOf(value)) inside(writer, number, () => writeAny(writer, item))
  },
  // TypeItem: value = 1.
  type: (writer, number, value) =>
    inside(writer, number, () => SPECIAL['texts']?.(writer, 1, Array.isArray(value) ? value : [value])),
  // ItemsItem: schema = 1.
  items: (writer, number, value) => inside(writer, number, () => writeField(writer, 1, 'Schema', value)),
  // AdditionalPropertiesItem: schema = 1, boolean = 2.
  additional: (writer, number, value) =>
    inside(writer, number, () =>
      typeof value === 'boolean' ? writeField(writer, 2, 'flag', value) : writeField(writer, 1, 'Schema', value),
    ),
  // SchemaItem: schema = 1.
  schemaItem: (writer, number, value) => inside(writer, number, () => writeField(writer, 1, 'Schema', value)),
  // ParametersItem: parameter = 1.
  parameters: (writer, number, value) => {
    for (const item of listOf(value)) {
      inside(writer, number, () => inside(writer, 1, () => writeParameter(writer, objectOf(item))))
    }
  },
  // Responses: response_code = 1, of NamedResponseValue; ResponseValue: response = 1.
  responses: (writer, number, value) =>
    inside(writer, number, () => {
      for (const [code, item] of Object.entries(objectOf(value))) {
        writeNamed(writer, 1, code, () => writeField(writer, 1, 'Response', objectOf(item)))
      }
    }),
}

// Parameter: body_parameter = 1, non_body_parameter = 2; NonBodyParameter: query = 3, path = 4.
function writeParameter(writer: BinaryWriter, parameter: JsonObject): void {
  const { in: place } = parameter
  if (place === 'body') return writeField(writer, 1, 'BodyParameter', parameter)
  assert(place === 'query' || place === 'path', 'a parameter of the query or of the path')
  inside(writer, 2, () =>
    place === 'query'
      ? writeField(writer, 3, 'QueryParameter', parameter)
      : writeField(writer, 4, 'PathParameter', parameter),
  )
}

// Any: yaml = 2. JSON is YAML.
function writeAny(writer: BinaryWriter, value: Json): void {
  writer.tag(2, WireType.LengthDelimited).string(JSON.stringify(value))
}

// Named…: name = 1, value = 2.
function writeNamed(writer: BinaryWriter, number: number, name: string, write: () => void): void {
  inside(writer, number, () => {
    writer.tag(1, WireType.LengthDelimited).string(name)
    inside(writer, 2, write)
  })
}

function inside(writer: BinaryWriter, number: number, write: () => void): void {
  writer.tag(number, WireType.LengthDelimited).fork()
  write()
  writer.join()
}

function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {}
}

function listOf(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : []
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
