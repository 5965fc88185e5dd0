import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { runInSteps, runSteps, type Step } from '#base'
import { below } from '../decode.ts'
import { type FieldError, invalid } from '../field-error.ts'
import { isJsonObject, type Json, type JsonObject, jsonAt } from '../json.ts'
import { CUSTOM_ERRORS_MAX, SCHEMAS_KEPT_MAX } from '../limits.ts'
import type { KubeObject } from '../object.ts'
import { withDefaults } from './defaults.ts'
import { versionsOf } from './definition.ts'
import { readSchema, type SchemaNode } from './node.ts'
import { prune } from './prune.ts'
import { type CompiledRules, compilingRules } from './rules/rules.ts'
import { structuralErrors } from './structural.ts'
import { schemaErrors } from './validate.ts'

/** The schema of one version of a custom resource, ready for its objects. */
export interface CompiledSchema {
  readonly root: SchemaNode
  /** Undefined when there are none. */
  readonly rules: CompiledRules | undefined
}

/**
 * Compiles a schema, or says by field why it cannot be; `path` is where it stands in its definition. A schema that was just
 * compiled is not compiled again: definitions are checked, then served, and written again when their status changes.
 */
export function compileSchema(schema: JsonObject, path: string): CompileResult {
  return runSteps(compiling(schema, path))
}

/**
 * Compiles the schemas of all versions of a definition between the steps of others, so that {@link compileSchema} finds them done;
 * what is wrong with them, it tells.
 */
export async function compileDefinition(definition: KubeObject, step: Step): Promise<void> {
  for (const version of versionsOf(definition)) {
    const schema = jsonAt(version, 'schema', 'openAPIV3Schema')
    if (isJsonObject(schema)) await runInSteps(compiling(schema, ''), step)
  }
}

type CompileResult = { readonly compiled: CompiledSchema } | { readonly errors: readonly FieldError[] }

function* compiling(schema: JsonObject, path: string): Generator<void, CompileResult> {
  const key = keyOf(schema)
  const known = kept.get(key)
  if (known !== undefined) return { compiled: known }
  yield
  const structural = yield* structuralErrors(schema, path)
  yield
  if (structural.length > 0) return { errors: structural }
  const root = readSchema(schema)
  yield
  const errors: FieldError[] = []
  if (root.has.defaults || root.default !== undefined) yield* checkDefaults(errors, root, path)
  const rules = root.has.rules ? yield* compilingRules(root, path) : undefined
  errors.push(...(rules?.errors ?? []))
  if (errors.length > 0) return { errors: errors.slice(0, CUSTOM_ERRORS_MAX) }
  const compiled = { root, rules: rules?.compiled }
  kept.set(key, compiled)
  return { compiled }
}

// Of one that was just read it is known.
function keyOf(schema: JsonObject): string {
  const known = keys.get(schema)
  if (known !== undefined) return known
  const key = createHash('sha256').update(JSON.stringify(schema)).digest('base64')
  keys.set(schema, key)
  return key
}

const keys = new WeakMap<JsonObject, string>()
const kept = new LRUCache<string, CompiledSchema>({ max: SCHEMAS_KEPT_MAX })

// A default must be what its own place takes, as it stands.
function* checkDefaults(errors: FieldError[], node: SchemaNode, path: string): Generator<void> {
  yield
  if (node.default !== undefined) errors.push(...defaultErrors(node, node.default, `${path}.default`))
  if (!node.has.defaults) return
  for (const [name, inner] of node.properties) yield* checkDefaults(errors, inner, `${path}.properties[${name}]`)
  if (node.items !== undefined) yield* checkDefaults(errors, node.items, `${path}.items`)
  if (typeof node.additional === 'object') yield* checkDefaults(errors, node.additional, `${path}.additionalProperties`)
}

function defaultErrors(node: SchemaNode, value: Json, path: string): readonly FieldError[] {
  const filled = withDefaults(node, value)
  const unknown = isJsonObject(filled) && !node.isEmbedded ? prune(node, filled).unknown : []
  return [
    ...unknown.map(name => invalid(below(path, name), value, 'must not have unknown fields')),
    ...schemaErrors(node, { path, value: filled, old: undefined }),
  ]
}
