import { DIGEST_BYTES, type World } from '#base'
import type { Handler } from '#rpc'
import type { ChunkStore } from '#storage/chunks'
import type { Pool } from '#storage/pool'

/** A bug planted on purpose, outside the pool: the simulator is worth something as long as it finds it. */
export interface PoolCanary {
  readonly name: string
  /** It is found within so many seeds from 1 on. */
  readonly seedsMax: number
  readonly world?: (world: World) => World
  readonly store?: (store: ChunkStore) => ChunkStore
  readonly handlers?: (handlers: readonly Handler[]) => readonly Handler[]
  /** The pool as programs see it. */
  readonly read?: (pool: Pool, into: Uint8Array) => void
  /** What goes wrong more often, or not at all, so that it is found soon. */
  readonly trouble?: Readonly<
    Partial<Record<'blink' | 'restart' | 'cut' | 'wipe' | 'rot' | 'join' | 'drain' | 'long', number>>
  >
  /** Machines never hear of a new map. */
  readonly isDeaf?: boolean
}

/** All of them, by name. */
export const POOL_CANARIES: readonly PoolCanary[] = [
  { name: 'lost-sync', seedsMax: 5, store: store => changed(store, { sync: async () => undefined }) },
  {
    name: 'same-boot',
    seedsMax: 15,
    trouble: { blink: 40, restart: 0, cut: 0, wipe: 0, rot: 0, join: 0, drain: 0, long: 0 },
    world: world => ({ ...world, entropy: { bytes: count => new Uint8Array(count) } }),
  },
  { name: 'empty-renewal', seedsMax: 10, handlers: alwaysRenewing },
  { name: 'unchecked-read', seedsMax: 5, read: (_, into) => void into.fill(0, 0, 1) },
  { name: 'deaf', seedsMax: 10, isDeaf: true },
]

// Says of every chunk that it is there, and keeps none.
function alwaysRenewing(handlers: readonly Handler[]): readonly Handler[] {
  return handlers.map(handler => {
    if (handler.method.name !== 'chunk.renew') return handler
    return {
      method: handler.method,
      async run(params, context, streams) {
        const { head } = await handler.run(params, { ...context, body: new Uint8Array(0) }, streams)
        return { head, body: new Uint8Array(context.body.byteLength / DIGEST_BYTES).fill(1) }
      },
    }
  })
}

function changed(store: ChunkStore, changes: Partial<ChunkStore>): ChunkStore {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(changes, name) ?? Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
