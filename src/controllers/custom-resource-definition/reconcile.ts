import { inLanes, isFault, whyOf } from '#base'
import { type ApiResource, ifFault, openInformer } from '#client'
import {
  CLEANUP_FINALIZER,
  isJsonObject,
  isTrue,
  type JsonObject,
  jsonAt,
  type KubeObject,
  listAt,
  namesIn,
  textAt,
} from '#schema'
import { DEFINITION_AGAIN_MS, DEFINITION_DELETES_AT_ONCE } from '../limits.ts'
import { Controller, DONE, type Outcome } from '../loop/controller.ts'
import { feed } from '../loop/feed.ts'
import type { ControllerParts } from '../loop/parts.ts'
import { timeText } from '../loop/times.ts'
import { CUSTOM_RESOURCE_DEFINITIONS } from '../resources.ts'
import { type Cleanup, definitionStatus } from './plan.ts'

/**
 * Grants definitions their names, which makes the API serve them, and deletes the objects of those that are being deleted
 * before it lets them go.
 */
export function definitionController(parts: ControllerParts): Controller {
  const { client, world } = parts
  const informer = openInformer({
    client,
    world,
    resource: CUSTOM_RESOURCE_DEFINITIONS,
    keep: withoutSchemas,
    indexes: { group: definition => [groupOf(definition)] },
  })
  // What was written last, until the informer has it too: two must not be granted one name.
  const written = new Map<string, KubeObject>()
  const newest = (known: KubeObject) => {
    const own = written.get(known.metadata.name)
    return own !== undefined && revisionOf(own) > revisionOf(known) ? own : known
  }
  const find = (name: string) => {
    const known = informer.get({ name })
    return known === undefined ? undefined : newest(known)
  }
  const inGroup = (group: string) => informer.byIndex('group', group).map(newest)
  const definitions: Definitions = { find, inGroup, written }
  const reconcile = (name: string, signal: AbortSignal) => reconcileDefinition(parts, definitions, name, signal)
  const controller = new Controller({ name: 'custom-resource-definition', world, reconcile, parallel: 1 })
  controller.use(informer)
  // Names that one gives up, another of its group may have waited for.
  feed(controller, informer, (definition, { kind }) => {
    if (kind === 'deleted') written.delete(definition.metadata.name)
    if (kind === 'added') return [definition.metadata.name]
    return inGroup(groupOf(definition)).map(({ metadata }) => metadata.name)
  })
  return controller
}

// Definitions as they are known here, without their schemas.
interface Definitions {
  readonly find: (name: string) => KubeObject | undefined
  readonly inGroup: (group: string) => readonly KubeObject[]
  readonly written: Map<string, KubeObject>
}

async function reconcileDefinition(
  parts: ControllerParts,
  definitions: Definitions,
  name: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const found = definitions.find(name)
  if (found === undefined) return DONE
  const cleanup = await cleaned(parts, found, signal)
  const time = timeText(parts.world.clock)
  const status = definitionStatus(found, { others: definitions.inGroup(groupOf(found)), cleanup, time })
  let definition = found
  if (status !== found['status']) {
    definition = withoutSchemas(await patched(parts, found, { part: 'status', body: { status } }, signal))
    definitions.written.set(name, definition)
  }
  if (cleanup === undefined) return DONE
  if (cleanup.left > 0 || cleanup.failure !== undefined) return { kind: 'again', afterMs: DEFINITION_AGAIN_MS }
  const finalizers = (definition.metadata.finalizers ?? []).filter(each => each !== CLEANUP_FINALIZER)
  await patched(parts, definition, { body: { metadata: { finalizers } } }, signal).catch(ifFault('NotFound'))
  return DONE
}

// Only as it was read: whoever changes it meanwhile makes this a conflict, and another look.
function patched(
  { client }: ControllerParts,
  { metadata: { name, resourceVersion } }: KubeObject,
  { part, body }: { readonly part?: 'status'; readonly body: JsonObject },
  signal: AbortSignal,
): Promise<KubeObject> {
  const metadata = { ...(isJsonObject(body['metadata']) ? body['metadata'] : {}), resourceVersion }
  const patch = { type: 'merge', body: { ...body, metadata }, ...(part === undefined ? {} : { part }) } as const
  return client.patch(CUSTOM_RESOURCE_DEFINITIONS, { name }, patch, signal)
}

// Deletes the objects of a definition that is going, and counts those that stay.
async function cleaned(parts: ControllerParts, definition: KubeObject, signal: AbortSignal): Promise<Cleanup> {
  const { deletionTimestamp, finalizers = [] } = definition.metadata
  if (deletionTimestamp === undefined || !finalizers.includes(CLEANUP_FINALIZER)) return undefined
  if (!isTrue(definition, 'Established')) return { left: 0, failure: undefined }
  try {
    return { left: await deleteAll(parts, instancesOf(definition), signal), failure: undefined }
  } catch (error) {
    signal.throwIfAborted()
    return { left: 0, failure: whyOf(error) }
  }
}

async function deleteAll({ client }: ControllerParts, resource: ApiResource, signal: AbortSignal): Promise<number> {
  let left = 0
  let next: string | undefined
  do {
    const page = await client.list(resource, { view: 'metadata', next }, signal)
    await inLanes(page.objects, DEFINITION_DELETES_AT_ONCE, async ({ metadata }) => {
      const { name, namespace, uid } = metadata
      const isGoing = metadata.deletionTimestamp !== undefined
      const stays = isGoing || (await client.delete(resource, { name, namespace }, { uid }, signal).catch(goneOrBusy))
      if (stays !== undefined) left += 1
    })
    next = page.next
  } while (next !== undefined)
  return left
}

// Somebody else has deleted it, or changed it: the next look tells.
function goneOrBusy(error: unknown): true | undefined {
  if (isFault(error, 'NotFound')) return undefined
  if (isFault(error, 'Conflict')) return true
  throw error
}

function instancesOf(definition: KubeObject): ApiResource {
  const versions = listAt(definition, 'spec', 'versions')
  const version =
    // The one that is stored needs no webhook.
    versions.find(each => jsonAt(each, 'served') === true && jsonAt(each, 'storage') === true) ??
    versions.find(each => jsonAt(each, 'served') === true) ??
    versions.find(each => jsonAt(each, 'storage') === true)
  const { plural, kind } = namesIn(jsonAt(definition, 'status', 'acceptedNames'))
  return {
    group: groupOf(definition),
    version: textAt(version, 'name') ?? '',
    plural,
    kind,
    isNamespaced: textAt(definition, 'spec', 'scope') === 'Namespaced',
  }
}

function groupOf(definition: KubeObject): string {
  return textAt(definition, 'spec', 'group') ?? ''
}

function revisionOf({ metadata }: KubeObject): number {
  return Number(metadata.resourceVersion)
}

// Schemas are large, and nothing here reads them.
function withoutSchemas(definition: KubeObject): KubeObject {
  const { apiVersion, kind, metadata, status } = definition
  const { group, scope, names } = isJsonObject(definition['spec']) ? definition['spec'] : {}
  const versions = listAt(definition, 'spec', 'versions').map(version => ({
    name: jsonAt(version, 'name'),
    served: jsonAt(version, 'served'),
    storage: jsonAt(version, 'storage'),
  }))
  return { apiVersion, kind, metadata, spec: { group, scope, names, versions }, status }
}
