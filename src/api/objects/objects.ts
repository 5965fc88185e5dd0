import { type Awaitable, type Clock, type Entropy, isFault, runInSteps, runSteps, type Step, Turns } from '#base'
import { type Author, isSameJson, type Json, type KubeObject, type Resource } from '#schema'
import { allocated } from '../claims/allocate.ts'
import { apiFault } from '../faults.ts'
import { CREATE_TRIES_MAX, UPDATE_TRIES_MAX } from '../limits.ts'
import type { Patch } from '../patch/read.ts'
import { StatusMore } from '../status-more.ts'
import { type Guard, type ObjectPlace, type ObjectStore, placeOf, qualified } from '../store/object-store.ts'
import { DefinitionAdmission } from './definitions.ts'
import { type DeleteOptions, isGone, markDeleted } from './deletion.ts'
import { noting, type Writer } from './managed.ts'
import { NamespaceAdmission } from './namespaces.ts'
import {
  type Named,
  type Prepared,
  preparingNew,
  preparingStatus,
  preparingUpdate,
  readBody,
  timeOf,
  type Unknowns,
} from './prepare.ts'

/** How a change is to be done. */
export interface WriteOptions {
  readonly unknowns: Unknowns
  /** Checks everything and stores nothing. */
  readonly isDryRun: boolean
  /** Who is noted for the fields that are written; this server when undefined. */
  readonly manager?: string
  /** Who makes it, for kinds that say so. */
  readonly author?: Author
  /** Refuses what the caller may not make of the object; `old` is what it was. */
  readonly guard?: (next: KubeObject, old: KubeObject | undefined) => void
}

/** A change of an object as it is now. */
export interface Change {
  /** The only resourceVersion that may be changed; any when undefined or empty. */
  readonly wanted: string | undefined
  /** Checks everything and stores nothing. */
  readonly isDryRun: boolean
  readonly run: (old: KubeObject) => Awaitable<KubeObject>
}

/** Refuses that an object is deleted, which `find` reads. Faults: Forbidden, ServiceUnavailable. */
export type DeleteGuard = (
  resource: Resource,
  find: () => Promise<KubeObject | undefined>,
  signal: AbortSignal,
) => Promise<void>

/** What the objects are kept with. */
export interface ObjectsParts {
  readonly store: ObjectStore
  readonly clock: Clock
  readonly entropy: Entropy
  /** Whoever deletes, and however. */
  readonly guardDelete?: DeleteGuard | undefined
}

/** The objects of the API: each change is checked, defaulted, stored and answered as it was stored. */
export class Objects {
  readonly store: ObjectStore
  /** Whoever has long work on objects takes them. */
  readonly turns: Turns
  readonly #clock: Clock
  readonly #entropy: Entropy
  readonly #guardDelete: DeleteGuard
  readonly #namespaces: NamespaceAdmission
  readonly #definitions: DefinitionAdmission

  constructor(parts: ObjectsParts) {
    this.store = parts.store
    this.turns = Turns.of(parts.clock)
    this.#clock = parts.clock
    this.#entropy = parts.entropy
    this.#guardDelete = parts.guardDelete ?? (() => Promise.resolve())
    this.#namespaces = new NamespaceAdmission(parts.store)
    this.#definitions = new DefinitionAdmission(parts.store)
  }

  /** Makes an object in a namespace that is there and stays. Faults: BadRequest, Invalid, AlreadyExists, NotFound, Forbidden. */
  async create(resource: Resource, named: Named, request: Request, signal: AbortSignal): Promise<Prepared> {
    const { options } = request
    const step = this.turns.steps(signal)
    const { object: read, warnings } = readBody(resource, request, named, options.unknowns)
    await step()
    const note = (now: KubeObject) => noting(resource, { old: undefined, now }, this.writerOf(options, ''))
    return this.make(resource, { read, warnings, note }, options, signal)
  }

  /** As `create`, of a body that has been read. */
  async make(resource: Resource, draft: Draft, options: WriteOptions, signal: AbortSignal): Promise<Prepared> {
    const { read, warnings, note } = draft
    for (let attempt = 1; ; attempt += 1) {
      const step = this.turns.steps(signal)
      const named = this.#named(read)
      const given = options.author === undefined ? named : (resource.authored?.(named, options.author) ?? named)
      await resource.prepares?.(given, step)
      const parts = { clock: this.#clock, entropy: this.#entropy }
      const prepared = await runInSteps(preparingNew(parts, resource, given), step)
      await step()
      const noted = await runInSteps(note(prepared), step)
      await step()
      options.guard?.(noted, undefined)
      const object = await this.#allocated(resource, noted, undefined, signal)
      const guessed = attempt === 1 && !options.isDryRun ? this.#guess(resource, object) : undefined
      const guards = guessed ?? (await this.#admit(resource, object, signal))
      try {
        if (!options.isDryRun) {
          return { object: await this.store.create(resource, object, signal, guards), warnings }
        }
        const there = await this.store.find(resource, placeOf(object), signal)
        if (there === undefined) return { object, warnings }
        throw apiFault('AlreadyExists', `${qualified(resource)} "${object.metadata.name}" already exists`)
      } catch (error) {
        // A Conflict: namespace or definition has changed since it was looked at. One that was not looked at may be gone.
        const isOther = read.metadata.name === '' || (guessed ?? []).length > 0
        const isTaken = isOther && isFault(error, 'AlreadyExists')
        if (!(isTaken || isFault(error, 'Conflict'))) throw error
        if (attempt >= CREATE_TRIES_MAX)
          throw read.metadata.name === '' && isTaken ? namesTaken(resource, object) : error
      }
    }
  }

  /** Replaces an object, or its status. Faults: BadRequest, Invalid, NotFound, Conflict. */
  async update(
    resource: Resource,
    place: ObjectPlace,
    request: Request & { readonly part: 'object' | 'status' },
    signal: AbortSignal,
  ): Promise<Prepared> {
    const step = this.turns.steps(signal)
    const { object: read, warnings } = readBody(resource, request, place, request.options.unknowns)
    await step()
    const wanted = read.metadata.resourceVersion
    const run = async (old: KubeObject) => {
      const step = this.turns.steps(signal)
      await resource.prepares?.(read, step)
      return this.#written(resource, { old, read }, request, step)
    }
    const object = await this.change(resource, place, { wanted, isDryRun: request.options.isDryRun, run }, signal)
    return { object, warnings }
  }

  /**
   * Patches an object as it is now, or its status; the patch may name the resourceVersion it is for. Faults: BadRequest,
   * Invalid, NotFound, Conflict.
   */
  async patch(
    resource: Resource,
    place: ObjectPlace,
    request: { readonly patch: Patch; readonly options: WriteOptions; readonly part: 'object' | 'status' },
    signal: AbortSignal,
  ): Promise<Prepared> {
    let warnings: readonly string[] = []
    const run = async (old: KubeObject) => {
      const step = this.turns.steps(signal)
      const patched = await runInSteps(request.patch(old), step)
      await step()
      const read = readBody(resource, patched, place, request.options.unknowns)
      await step()
      await resource.prepares?.(read.object, step)
      warnings = read.warnings
      const { resourceVersion } = read.object.metadata
      if (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion) {
        throw apiFault('Conflict', modified(resource, place.name))
      }
      return this.#written(resource, { old, read: read.object }, request, step)
    }
    const { isDryRun } = request.options
    const object = await this.change(resource, place, { wanted: undefined, isDryRun, run }, signal)
    return { object, warnings }
  }

  /**
   * Changes an object as it is now; again when somebody else changed it meanwhile, unless the change is of one revision
   * only. What has lost its last finalizer goes. Faults: NotFound, Conflict, those of `run`.
   */
  async change(
    resource: Resource,
    place: ObjectPlace,
    { wanted, isDryRun, run }: Change,
    signal: AbortSignal,
  ): Promise<KubeObject> {
    const isOfOne = wanted !== undefined && wanted !== ''
    for (let attempt = 1; ; attempt += 1) {
      const step = this.turns.steps(signal)
      const old = await this.store.get(resource, place, signal)
      await step()
      if (isOfOne && wanted !== old.metadata.resourceVersion) {
        throw apiFault('Conflict', modified(resource, place.name))
      }
      const next = await this.#allocated(resource, await run(old), old, signal)
      await step()
      if (isDryRun) return next
      if (isSameJson(next, old)) return old
      await step()
      try {
        if (isGone(resource, next)) return await this.store.remove(resource, old, next, signal)
        return await this.store.replace(resource, old, next, signal)
      } catch (error) {
        // One that may only be changed as it was is found changed above, if it is not what it claims that was taken.
        if (attempt >= UPDATE_TRIES_MAX || !isFault(error, 'Conflict')) throw error
      }
    }
  }

  /**
   * Deletes an object: at once, or when its finalizers have gone. Answers it as it is then, and whether it is gone. Faults:
   * NotFound, Conflict, those of the guard.
   */
  async delete(
    resource: Resource,
    place: ObjectPlace,
    options: DeleteOptions,
    signal: AbortSignal,
  ): Promise<{ readonly object: KubeObject; readonly isGone: boolean }> {
    await this.#guardDelete(resource, () => this.store.find(resource, place, signal), signal)
    const run = (old: KubeObject) => markDeleted(resource, old, options, this.#clock)
    const object = await this.change(resource, place, { wanted: undefined, isDryRun: options.isDryRun, run }, signal)
    return { object, isGone: isGone(resource, object) }
  }

  /** Who writes, and when. */
  writerOf({ manager = 'cairn' }: WriteOptions, subresource: string): Writer {
    return { manager, subresource, time: timeOf(this.#clock) }
  }

  /** What an object becomes, with who has set which field through which subresource. Faults: those of the guard. */
  noted(
    resource: Resource,
    change: { readonly old: KubeObject; readonly now: KubeObject },
    options: WriteOptions,
    subresource: string,
  ): KubeObject {
    const next = runSteps(noting(resource, change, this.writerOf(options, subresource)))
    options.guard?.(next, change.old)
    return next
  }

  async #written(
    resource: Resource,
    { old, read }: { readonly old: KubeObject; readonly read: KubeObject },
    { options, part }: { readonly options: WriteOptions; readonly part: 'object' | 'status' },
    step: Step,
  ): Promise<KubeObject> {
    const preparing = part === 'status' ? preparingStatus : preparingUpdate
    const now = await runInSteps(preparing(resource, read, old), step)
    await step()
    const writer = this.writerOf(options, part === 'status' ? 'status' : '')
    const next = await runInSteps(noting(resource, { old, now }, writer), step)
    options.guard?.(next, old)
    return next
  }

  /** A whole number from 0 on, below so many. */
  random(below: number): number {
    return Buffer.from(this.#entropy.bytes(6)).readUIntBE(0, 6) % below
  }

  #allocated(resource: Resource, next: KubeObject, old: KubeObject | undefined, signal: AbortSignal) {
    const random = (below: number) => this.random(below)
    return allocated({ claims: this.store.claims, random }, resource, { next, old }, signal)
  }

  #guess(resource: Resource, object: KubeObject): readonly Guard[] | undefined {
    const [namespace, definition] = [this.#namespaces.guess(resource, object), this.#definitions.guess(resource)]
    return namespace === undefined || definition === undefined ? undefined : [...namespace, ...definition]
  }

  async #admit(resource: Resource, object: KubeObject, signal: AbortSignal): Promise<readonly Guard[]> {
    const namespace = await this.#namespaces.admit(resource, object, signal)
    return [...namespace, ...(await this.#definitions.admit(resource, signal))]
  }

  #named(read: KubeObject): KubeObject {
    const { name, generateName } = read.metadata
    if (name !== '' || typeof generateName !== 'string' || generateName === '') return read
    const letters = Array.from(this.#entropy.bytes(5), byte => LETTERS[byte % LETTERS.length] ?? '').join('')
    return { ...read, metadata: { ...read.metadata, name: `${generateName.slice(0, 58)}${letters}` } }
  }
}

/** An object to be made, as it was read. */
export interface Draft extends Omit<Prepared, 'object'> {
  readonly read: KubeObject
  /** Adds who has set its fields, in steps. */
  readonly note: (object: KubeObject) => Generator<void, KubeObject>
}

/** What a client sent. */
export interface Request {
  readonly body: Json
  readonly duplicates?: readonly string[]
  readonly options: WriteOptions
}

function namesTaken(resource: Resource, { metadata: { name } }: KubeObject): Error {
  const { group, plural } = resource
  const details = { name, ...(group === '' ? {} : { group }), kind: plural, retryAfterSeconds: 1 }
  const said = `${qualified(resource)} "${name}" already exists, the server was not able to generate a unique name for the object`
  return apiFault('AlreadyExists', said, { cause: new StatusMore({ details }) })
}

/** What one is told who changes an object that is another by now. */
export function modified(resource: Resource, name: string): string {
  return `Operation cannot be fulfilled on ${qualified(resource)} "${name}": the object has been modified; please apply your changes to the latest version and try again`
}

// k8s.io/apimachinery/pkg/util/rand: no vowels, so that no words come out, and nothing that looks alike.
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789'
