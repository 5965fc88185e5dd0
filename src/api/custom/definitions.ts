import { type Clock, isFault, type Log, Turns, whyOf } from '#base'
import { compileDefinition, customResources, type KubeObject, type Resource } from '#schema'
import { DEFINITIONS_RETRY_MS } from '../limits.ts'
import type { Registry } from '../registry.ts'
import type { ObjectStore } from '../store/object-store.ts'

/** What following definitions needs. */
export interface DefinitionParts {
  readonly store: ObjectStore
  readonly registry: Registry
  readonly clock: Clock
  readonly log: Log
}

/**
 * Keeps what a registry serves as the definitions in the store say, a moment behind every change of them, whichever server
 * made it.
 */
export class FollowedDefinitions implements AsyncDisposable {
  readonly #parts: DefinitionParts
  readonly #turns: Turns
  readonly #closing = new AbortController()
  #following: Promise<void> = Promise.resolve()

  /** Resolves when what is defined already is served. */
  static async open(parts: DefinitionParts): Promise<FollowedDefinitions> {
    const followed = new FollowedDefinitions(parts)
    const known = Promise.withResolvers<void>()
    followed.#following = followed.#run(known.resolve)
    await known.promise
    return followed
  }

  private constructor(parts: DefinitionParts) {
    this.#parts = parts
    this.#turns = Turns.of(parts.clock)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#following
  }

  async #run(known: () => void): Promise<void> {
    const { signal } = this.#closing
    const { log, clock } = this.#parts
    while (!signal.aborted) {
      try {
        await this.#followOnce(known, signal)
      } catch (error) {
        if (signal.aborted) return
        if (!isFault(error, 'Expired')) log.warn('definitions are read again', { why: whyOf(error) })
        await clock.sleep(DEFINITIONS_RETRY_MS, signal).catch(() => undefined)
      }
    }
  }

  async #followOnce(known: () => void, signal: AbortSignal): Promise<void> {
    const { store, registry } = this.#parts
    const resource = definitionResource(registry)
    const revision = await this.#readAll(resource, signal)
    known()
    for await (const { changes } of store.changes(resource, { namespace: undefined, after: revision }, signal)) {
      for (const change of changes) {
        await this.#turns.take(signal)
        const { now, before } = change
        if (now !== undefined) await this.#define(now, signal)
        else if (before !== undefined) registry.define(before.metadata.name, [])
      }
    }
  }

  // A few at a time: schemas are large, and are let go of when they are compiled.
  async #readAll(resource: Resource, signal: AbortSignal) {
    const { store, registry } = this.#parts
    const there = new Set<string>()
    const wanted = { namespace: undefined, limit: DEFINITIONS_AT_ONCE }
    let page = await store.page(resource, wanted, signal)
    const { revision } = page
    for (;;) {
      for (const definition of page.objects) {
        there.add(definition.metadata.name)
        await this.#define(definition, signal)
      }
      if (page.next === undefined) break
      page = await store.page(resource, { ...wanted, revision, after: page.next }, signal)
    }
    for (const name of registry.definitions) if (!there.has(name)) registry.define(name, [])
    return revision
  }

  // One that cannot be served does not keep the others from being.
  async #define(definition: KubeObject, signal: AbortSignal): Promise<void> {
    const { registry, log } = this.#parts
    const { name } = definition.metadata
    try {
      await compileDefinition(definition, this.#turns.steps(signal))
      await this.#turns.takeAhead(signal)
      registry.define(name, customResources(definition))
    } catch (error) {
      signal.throwIfAborted()
      log.warn('a definition cannot be served', { name, why: whyOf(error) })
      registry.define(name, [])
    }
  }
}

function definitionResource(registry: Registry): Resource {
  const named = { group: 'apiextensions.k8s.io', version: 'v1', plural: 'customresourcedefinitions' }
  const found = registry.find(named)
  if (found === undefined) throw new Error('definitions are not served')
  return found
}

const DEFINITIONS_AT_ONCE = 10
