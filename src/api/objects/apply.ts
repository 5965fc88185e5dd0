import { isFault, runInSteps, runSteps } from '#base'
import {
  applyingFields,
  applyProblems,
  apiVersionOf,
  type FieldConflict,
  isJsonObject,
  type Json,
  jsonAt,
  type KubeObject,
  managerText,
  pathText,
  type Resource,
} from '#schema'
import { apiFault } from '../faults.ts'
import { APPLY_TRIES_MAX, CONFLICTS_TOLD_MAX } from '../limits.ts'
import { StatusMore } from '../status-more.ts'
import { type ObjectPlace, qualified } from '../store/object-store.ts'
import { fieldManager, withManagedFields, type Writer } from './managed.ts'
import type { Objects, WriteOptions } from './objects.ts'
import { type Prepared, preparingStatus, preparingUpdate, readBody } from './prepare.ts'

/** An apply as a client sent it. */
export interface ApplyRequest {
  readonly body: Json
  /** Paths of fields that the body has twice. */
  readonly duplicates: readonly string[]
  readonly options: WriteOptions
  readonly part: 'object' | 'status'
  /** Fields that others have set to something else become his. */
  readonly isForced: boolean
  /** Refuses those who may change the object, but not make it. Faults: Forbidden. */
  readonly mayCreate: () => Promise<void>
}

type Applying = Pick<ApplyRequest, 'body' | 'duplicates' | 'options'>

/**
 * Makes an object as it is applied, or changes it to be so where the body says anything (kubernetes.io, "Server-Side
 * Apply"). Faults: BadRequest, Invalid, Conflict with the fields of others as causes, Forbidden; NotFound for a status.
 */
export async function applyObject(
  objects: Objects,
  { resource, place }: { readonly resource: Resource; readonly place: ObjectPlace },
  request: ApplyRequest,
  signal: AbortSignal,
): Promise<Prepared & { readonly isNew: boolean }> {
  const step = objects.turns.steps(signal)
  const config = readConfig(resource, request, place)
  await step()
  for (let attempt = 1; ; attempt += 1) {
    const old = await objects.store.find(resource, place, signal)
    await step()
    try {
      if (old !== undefined || request.part === 'status') {
        return { ...(await change(objects, { resource, place, config }, request, signal)), isNew: false }
      }
      await request.mayCreate()
      return { ...(await make(objects, resource, { ...request, config }, signal)), isNew: true }
    } catch (error) {
      // Somebody else has made or deleted it meanwhile.
      const isRaced = isFault(error, old === undefined ? 'AlreadyExists' : 'NotFound')
      if (!isRaced || request.part === 'status' || attempt >= APPLY_TRIES_MAX) throw error
    }
  }
}

/** What is applied, as an object of its kind. Faults: BadRequest. */
export function readConfig(
  resource: Resource,
  { body, duplicates, options }: Applying,
  place: ObjectPlace,
): KubeObject {
  const wanted = apiVersionOf(resource.group, resource.version)
  const given = jsonAt(body, 'apiVersion')
  if (!isJsonObject(body)) throw apiFault('BadRequest', 'the applied object must be an object')
  if (given !== wanted) {
    const said = typeof given === 'string' ? given : '""'
    throw apiFault(
      'BadRequest',
      `Incorrect version specified in apply patch. Specified patch version: ${said}, expected: ${wanted}`,
    )
  }
  if (body['kind'] === undefined) throw apiFault('BadRequest', "Object 'Kind' is missing in the applied object")
  if ((jsonAt(body, 'metadata', 'managedFields') ?? null) !== null) {
    throw apiFault('BadRequest', 'metadata.managedFields must be nil')
  }
  const untyped = (said: string): Error => {
    const of = `${place.namespace ?? ''}/${place.name}; ${wanted}, Kind=${resource.kind}`
    return apiFault('BadRequest', `failed to create typed patch object (${of}): ${said}`)
  }
  if (options.unknowns === 'Strict' && duplicates.length > 0) {
    const said = duplicates.map(path => `duplicate field "${path}"`).join(', ')
    throw apiFault('BadRequest', `strict decoding error: ${said}`)
  }
  // What a kind does not know cannot be applied, whatever the client wishes.
  const { object, warnings } = readBody(resource, { body, refusal: untyped }, place, 'Warn')
  const unknown = warnings.map(
    warning => `${warning.replace(/^unknown field "(.*)"$/, '.$1')}: field not declared in schema`,
  )
  const problems = [...unknown, ...applyProblems(resource.shape, object)]
  if (problems.length > 0) throw untyped(problems.slice(0, CONFLICTS_TOLD_MAX).join('\n'))
  return object
}

function make(
  objects: Objects,
  resource: Resource,
  { config, options }: ApplyRequest & { readonly config: KubeObject },
  signal: AbortSignal,
): Promise<Prepared> {
  const { uid } = config.metadata
  if (uid !== '') {
    const said = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`
    throw apiFault(
      'Conflict',
      `Operation cannot be fulfilled on ${qualified(resource)} "${config.metadata.name}": ${said}`,
    )
  }
  const note = function* (object: KubeObject): Generator<void, KubeObject> {
    const by = fieldManager(resource, objects.writerOf(options, ''))
    const applied = yield* applyingFields({ shape: resource.shape, live: undefined, config, by, isForced: true })
    return applied.ok ? withManagedFields(object, applied.object.metadata['managedFields']) : object
  }
  return objects.make(resource, { read: config, warnings: [], note }, options, signal)
}

async function change(
  objects: Objects,
  {
    resource,
    place,
    config,
  }: { readonly resource: Resource; readonly place: ObjectPlace; readonly config: KubeObject },
  request: ApplyRequest,
  signal: AbortSignal,
): Promise<Prepared> {
  const { options, part, isForced } = request
  const run = async (old: KubeObject) => {
    const step = objects.turns.steps(signal)
    const writer = objects.writerOf(options, part === 'status' ? 'status' : '')
    const apply = { config, writer, isForced, part }
    const given = await runInSteps(merging(resource, old, apply), step)
    await step()
    await resource.prepares?.(given, step)
    const next = await runInSteps(preparing(resource, { old, given }, part), step)
    options.guard?.(next, old)
    return next
  }
  const wanted = config.metadata.resourceVersion
  const object = await objects.change(resource, place, { wanted, isDryRun: options.isDryRun, run }, signal)
  return { object, warnings: [] }
}

/** An object with what is applied to it, and who has it. Faults: Conflict, Invalid. */
export function appliedTo(resource: Resource, old: KubeObject, apply: Apply): KubeObject {
  return runSteps(preparing(resource, { old, given: runSteps(merging(resource, old, apply)) }, apply.part))
}

interface Apply {
  readonly config: KubeObject
  readonly writer: Writer
  readonly isForced: boolean
  readonly part: string
}

function* merging(
  resource: Resource,
  old: KubeObject,
  { config, writer, isForced }: Apply,
): Generator<void, KubeObject> {
  const by = fieldManager(resource, writer)
  const applied = yield* applyingFields({ shape: resource.shape, live: old, config, by, isForced })
  if (!applied.ok) throw conflictFault(applied.conflicts)
  const { object } = applied
  const { uid } = config.metadata.uid === '' ? old.metadata : config.metadata
  return { ...object, metadata: { ...object.metadata, uid } }
}

function* preparing(
  resource: Resource,
  { old, given }: { readonly old: KubeObject; readonly given: KubeObject },
  part: string,
): Generator<void, KubeObject> {
  const next = yield* (part === 'status' ? preparingStatus : preparingUpdate)(resource, given, old)
  return withManagedFields(next, given.metadata['managedFields'])
}

// In the words of k8s.io/apimachinery/pkg/util/managedfields, which kubectl prints as they are.
function conflictFault(conflicts: readonly FieldConflict[]): Error {
  const told = conflicts.slice(0, CONFLICTS_TOLD_MAX)
  const causes = told.map(({ manager, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${managerText(manager)}`,
    field: pathText(path),
  }))
  return apiFault('Conflict', conflictText(told, conflicts.length), { cause: new StatusMore({ details: { causes } }) })
}

function conflictText(conflicts: readonly FieldConflict[], count: number): string {
  const [first] = conflicts
  if (first !== undefined && count === 1) {
    return `Apply failed with 1 conflict: conflict with ${managerText(first.manager)}: ${pathText(first.path)}`
  }
  const byManager = Map.groupBy(conflicts, ({ manager }) => managerText(manager))
  const said = [...byManager].flatMap(([manager, theirs]) => [
    `conflicts with ${manager}:`,
    ...theirs.map(({ path }) => `- ${pathText(path)}`),
  ])
  return `Apply failed with ${count} conflicts: ${said.join('\n')}`
}
