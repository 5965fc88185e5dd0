import { assert } from '#base'
import { resourceKey } from '../api-resource.ts'
import { type Informer, type InformerOptions, openInformer } from './informer.ts'

/** The informers of a process: one watch for each resource, whoever wants it. */
export class Informers implements AsyncDisposable {
  readonly #common: Pick<InformerOptions, 'client' | 'world'>
  readonly #open = new Map<string, { readonly informer: Informer; readonly options: SharedOptions }>()

  constructor(common: Pick<InformerOptions, 'client' | 'world'>) {
    this.#common = common
  }

  /** The informer of all objects of a resource; opened when first asked for, with the indexes then named. */
  of(options: SharedOptions): Informer {
    const key = resourceKey(options.resource)
    const there = this.#open.get(key)
    if (there !== undefined) {
      const known = there.options.indexes ?? {}
      assert(
        Object.keys(options.indexes ?? {}).every(name => name in known),
        'an index is there from the beginning',
      )
      return there.informer
    }
    const informer = openInformer({ ...this.#common, ...options })
    this.#open.set(key, { informer, options })
    return informer
  }

  /** Resolves when all that are open know what was there at first. */
  async synced(signal: AbortSignal): Promise<void> {
    await Promise.all(Array.from(this.#open.values(), ({ informer }) => informer.synced(signal)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = [...this.#open.values()]
    this.#open.clear()
    await Promise.all(open.map(({ informer }) => informer[Symbol.asyncDispose]()))
  }
}

/** What an informer that many share is opened with. */
export type SharedOptions = Pick<InformerOptions, 'resource' | 'indexes'>
