import { isJsonObject, type Json, type JsonObject } from '#schema'

/**
 * A JSON value as YAML, in lines that begin with `indent`; what could be read as anything but text, by the rules of YAML 1.1 or
 * 1.2, is quoted. A library does the same fifty times slower, and lists are long.
 */
export function yamlText(value: Json, indent = ''): string {
  if (isBlock(value)) return block(value, indent)
  return `${indent}${scalarText(value, indent)}\n`
}

/** An item of a list in YAML, as {@link yamlText} has it. */
export function yamlItem(value: Json, indent = ''): string {
  if (!isBlock(value)) return `${indent}- ${scalarText(value, indent)}\n`
  return `${indent}- ${block(value, `${indent}  `).slice(indent.length + 2)}`
}

type Block = JsonObject | readonly Json[]

function isBlock(value: Json): value is Block {
  if (Array.isArray(value)) return value.length > 0
  return isJsonObject(value) && Object.values(value).some(field => field !== undefined)
}

function block(value: Block, indent: string): string {
  let text = ''
  if (isJsonObject(value)) {
    for (const [name, field] of Object.entries(value)) if (field !== undefined) text += fieldText(name, field, indent)
    return text
  }
  for (const item of value) text += yamlItem(item, indent)
  return text
}

function fieldText(name: string, value: Json, indent: string): string {
  const key = isPlain(name) ? name : quoted(name)
  // A key that is longer must say that it is one (YAML 1.2, section 7.4.3).
  const before = key.length < KEY_CHARS_MAX ? `${indent}${key}:` : `${indent}? ${key}\n${indent}:`
  if (!isBlock(value)) return `${before} ${scalarText(value, indent)}\n`
  // Lists stand no deeper than their name, as kubectl writes them.
  return `${before}\n${block(value, Array.isArray(value) ? indent : `${indent}  `)}`
}

const KEY_CHARS_MAX = 1_000

function scalarText(value: Json, indent: string): string {
  if (typeof value !== 'string') return Array.isArray(value) ? '[]' : isJsonObject(value) ? '{}' : JSON.stringify(value)
  if (isPlain(value)) return value
  return LINES.test(value) && !UNPRINTABLE.test(value) ? linesText(value, `${indent}  `) : quoted(value)
}

function linesText(value: string, indent: string): string {
  const isEnded = value.endsWith('\n')
  const lines = (isEnded ? value.slice(0, -1) : value).split('\n')
  return `${isEnded ? '|' : '|-'}\n${lines.map(line => (line === '' ? '' : indent + line)).join('\n')}`
}

// Of lines, the first of which has something at its beginning, and the last something at all.
const LINES = /^[^\s](?:.*\n)+(?:.*[^\s].*\n?|[^\s]\n?)$/

function isPlain(text: string): boolean {
  return PLAIN.test(text) && !WORDS.has(text.toLowerCase()) && !POWER.test(text)
}

// Of letters first, because of numbers and times, and without what means something in YAML.
const PLAIN = /^[A-Za-z_/](?:(?:[\w./@=+,() -]|:(?=\S))*[\w./@=+()])?$/
// A number of which only the exponent is there: some readers of YAML 1.1 take it for one.
const POWER = /^e[-+]?\d+$/i
const WORDS: ReadonlySet<string> = new Set(['true', 'false', 'yes', 'no', 'on', 'off', 'y', 'n', 'null'])

function quoted(text: string): string {
  return JSON.stringify(text).replace(ESCAPED, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

// What JSON leaves as it is, and YAML reads as an end of a line or not at all.
const ESCAPED = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g
const UNPRINTABLE = /[^\n\u0020-\u007e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]/
