import { assert } from '#base'
import { defineResource } from '../define.ts'
import { type FieldError, invalid } from '../field-error.ts'
import { isJsonObject, type Json, type JsonObject, jsonAt, textAt } from '../json.ts'
import { apiVersionOf, type KubeObject } from '../object.ts'
import type { Resource } from '../resource.ts'
import { customColumns } from './columns.ts'
import { type CompiledSchema, compileSchema } from './compile.ts'
import { conversionWebhookOf } from './conversion.ts'
import { withDefaults } from './defaults.ts'
import { type DefinedNames, isTrue, namesIn, storageVersionOf, versionsOf } from './definition.ts'
import { prune } from './prune.ts'
import { ruleErrors } from './rules/check.ts'
import { shapeOfSchema } from './shape.ts'
import { scaleOf, selectableFieldsOf } from './subresources.ts'
import { schemaErrors } from './validate.ts'

/**
 * The resources that an established definition asks for, one for each served version; none while it is not established. One
 * that is being deleted serves at least its storage version, so that its objects can be deleted.
 */
export function customResources(definition: KubeObject): readonly Resource[] {
  if (!isTrue(definition, 'Established')) return []
  const versions = versionsOf(definition)
  const served = versions.filter(version => version['served'] === true)
  const isGoing = definition.metadata.deletionTimestamp !== undefined
  return (served.length === 0 && isGoing ? versions.filter(version => version['storage'] === true) : served).flatMap(
    version => customResource(definition, version),
  )
}

function customResource(definition: KubeObject, version: JsonObject): readonly Resource[] {
  const schema = jsonAt(version, 'schema', 'openAPIV3Schema')
  const result = isJsonObject(schema) ? compileSchema(schema, '') : undefined
  // A schema that an older Cairn took and this one does not: its objects stay, and are not served.
  if (!isJsonObject(schema) || result === undefined || 'errors' in result) return []
  const { compiled } = result
  const group = textAt(definition, 'spec', 'group') ?? ''
  const name = textAt(version, 'name') ?? ''
  const names = namesIn(jsonAt(definition, 'status', 'acceptedNames'))
  const { kind, plural, singular, shortNames, categories } = names
  const storage = apiVersionOf(group, storageVersionOf(definition))
  const apiVersion = apiVersionOf(group, name)
  const webhook = conversionWebhookOf(definition)
  return [
    defineResource({
      group,
      version: name,
      kind,
      plural,
      singular,
      shortNames,
      categories,
      isNamespaced: textAt(definition, 'spec', 'scope') === 'Namespaced',
      shape: shapeOfSchema(compiled.root, { id: `${apiVersion}.${kind}`, kind, openapi: schema }),
      hasStatus: isJsonObject(jsonAt(version, 'subresources', 'status')),
      scale: scaleOf(version),
      table: customColumns(version),
      defaults: object => withAll(compiled, object),
      validate: (object, old) => errorsOf(compiled, object, old),
      selectableFields: selectableFieldsOf(version),
      hasController: true,
      storedForm: {
        group,
        plural,
        conversion: webhook === undefined ? undefined : { webhook, served: apiVersion, storage },
        toServed: object => {
          assert(
            webhook === undefined || object.apiVersion === apiVersion,
            'objects are converted before they are read',
          )
          return { ...restored(compiled, object), apiVersion }
        },
        toStored: object => ({ ...object, apiVersion: storage }),
      },
      custom: {
        deprecation: deprecationOf(version, apiVersion, names),
        isTerminating: definition.metadata.deletionTimestamp !== undefined,
      },
    }),
  ]
}

function withAll({ root }: CompiledSchema, object: KubeObject): KubeObject {
  const filled = withDefaults(root, object)
  return filled === object ? object : asObject(filled, object)
}

// As it would be written today: without what the schema no longer knows, and with its defaults.
function restored(compiled: CompiledSchema, object: KubeObject): KubeObject {
  const { metadata: _, ...rest } = object
  const { value } = prune(compiled.root, rest)
  return withAll(compiled, asObject(value, object))
}

function asObject(value: Json, { apiVersion, kind, metadata }: KubeObject): KubeObject {
  assert(isJsonObject(value), 'an object stays an object')
  return { ...value, apiVersion, kind, metadata }
}

function errorsOf(
  { root, rules }: CompiledSchema,
  object: KubeObject,
  old: KubeObject | undefined,
): readonly FieldError[] {
  const checked = { path: '', value: object, old }
  const errors = schemaErrors(root, checked)
  if (rules === undefined) return errors
  if (errors.length === 0) return ruleErrors(rules, root, checked)
  return [...errors, invalid('<nil>', null, UNCHECKED)]
}

function deprecationOf(version: JsonObject, apiVersion: string, { kind }: DefinedNames): string | undefined {
  if (version['deprecated'] !== true) return undefined
  return textAt(version, 'deprecationWarning') ?? `${apiVersion} ${kind} is deprecated`
}

const UNCHECKED =
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation'
