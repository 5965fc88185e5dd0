import type { World } from '#base'
import { answerUnary, type Handler, message } from '#rpc'
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
  /** Machines never hear of a new map. */
  readonly isDeaf?: boolean
}

/** All of them, by name. */
export const POOL_CANARIES: readonly PoolCanary[] = [
  { name: 'lost-sync', seedsMax: 5, store: store => changed(store, { sync: async () => undefined }) },
  {
    name: 'same-boot',
    seedsMax: 40,
    world: world => ({ ...world, entropy: { bytes: count => new Uint8Array(count) } }),
  },
  { name: 'unchecked-confirm', seedsMax: 20, handlers: alwaysConfirming },
  { name: 'unchecked-read', seedsMax: 5, read: (_, into) => void into.fill(0, 0, 1) },
  { name: 'deaf', seedsMax: 10, isDeaf: true },
]

function alwaysConfirming(handlers: readonly Handler[]): readonly Handler[] {
  return handlers.map(handler => {
    const { method } = handler
    if (method.kind !== 'unary' || method.name !== 'chunk.confirm') return handler
    return answerUnary(method, async (_, { body }) => message(undefined, new Uint8Array(body.byteLength / 32).fill(1)))
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
