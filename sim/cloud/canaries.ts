import type { NodeMap } from '#cluster'
import type { Handler } from '#rpc'
import type { ChunkStore } from '#storage/chunks'
import { poolFault } from '#storage/pool'
import type { TroubleKind } from './trouble.ts'

/** A bug planted on purpose, outside the program: the simulator is worth something as long as it finds it. */
export interface CloudCanary {
  readonly name: string
  /** The seed that is tried first: it found the bug when it was planted. */
  readonly first: number
  /** It is found within so many seeds from 1 on. */
  readonly seedsMax: number
  readonly store?: (store: ChunkStore) => ChunkStore
  readonly handlers?: (handlers: readonly Handler[]) => readonly Handler[]
  readonly map?: (map: NodeMap) => NodeMap
  /** What goes wrong, and how often against each other; undefined: everything. */
  readonly trouble?: Readonly<Partial<Record<TroubleKind, number>>>
}

/** All of them, by name. */
export const CLOUD_CANARIES: readonly CloudCanary[] = [
  // Nothing acknowledged is lost.
  { name: 'lost-chunk-sync', first: 6, seedsMax: 12, trouble: { restart: 1 }, store: withoutSync },
  { name: 'early-sync', first: 8, seedsMax: 12, trouble: { outage: 1 }, handlers: answering('sync') },
  // Done once, and seen by all who open.
  { name: 'done-twice', first: 2, seedsMax: 8, trouble: { break: 1 }, handlers: namingNoChange },
  { name: 'deaf-session', first: 1, seedsMax: 4, trouble: { heal: 1 }, handlers: tellingNothing },
  // All is counted, all is reachable, and no more moves than must.
  { name: 'kept-orphan', first: 1, seedsMax: 4, trouble: { heal: 1 }, handlers: answering('forget') },
  { name: 'hidden-chunk', first: 1, seedsMax: 4, trouble: { heal: 1 }, handlers: hidingChunks },
  { name: 'restless-map', first: 1, seedsMax: 4, trouble: { join: 1 }, map: restless },
]

function withoutSync(store: ChunkStore): ChunkStore {
  return new Proxy(store, {
    get(target, name) {
      if (name === 'sync') return async () => undefined
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

type Wrapped = (handler: Handler) => Handler['run']

function wrapping(method: string, run: Wrapped): (handlers: readonly Handler[]) => readonly Handler[] {
  return handlers =>
    handlers.map(each => (each.method.name === method ? { method: each.method, run: run(each) } : each))
}

// An operation is answered and not done.
function answering(kind: string) {
  return wrapping('fs.call', handler => async (params, context, streams) => {
    if (Reflect.get(Object(params), 'kind') !== kind) return await handler.run(params, context, streams)
    return { head: { revision: 0, changed: [], contentTo: 0 }, body: new Uint8Array(0) }
  })
}

// The home cannot know what it has done already.
function namingNoChange(handlers: readonly Handler[]): readonly Handler[] {
  const unnamed = wrapping('fs.call', handler => (params, context, streams) => {
    return handler.run({ ...Object(params), name: undefined }, context, streams)
  })
  return unnamed(handlers)
}

function tellingNothing(handlers: readonly Handler[]): readonly Handler[] {
  const silent = wrapping('fs.watch', handler => (params, context, streams) => {
    const nothing = { inos: [], kept: [], moved: [], entries: [] }
    const send = (item: { head: unknown; body: Uint8Array }) =>
      streams.send({ ...item, head: { ...Object(item.head), ...nothing } })
    return handler.run(params, context, { ...streams, send })
  })
  return silent(handlers)
}

function hidingChunks(handlers: readonly Handler[]): readonly Handler[] {
  const hidden = wrapping('chunk.read', () => async () => {
    throw poolFault('ChunkMissing', 'it is not here')
  })
  return hidden(handlers)
}

function restless(map: NodeMap): NodeMap {
  const machines = map.machines.map((machine, index) => {
    const disks = machine.disks.map(disk => ({
      ...disk,
      capacityMiB: 1000 + ((map.version * 7 + index * 3) % 5) * 700,
    }))
    return { ...machine, disks }
  })
  return { ...map, machines }
}
