import type { Links, MapFilesystem, NodeMap } from '#cluster'
import type { FilesystemsHomes, SetHome } from '#main'
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
  /** What makes a filesystem one of many machines. */
  readonly homes?: (homes: FilesystemsHomes) => FilesystemsHomes
  /** How machines ask controllers to change where a filesystem lives. */
  readonly setHome?: (setHome: SetHome, links: Pick<Links, 'map'>) => SetHome
  /** The record that people make of another when a machine becomes the home, past all checks. */
  readonly record?: (was: MapFilesystem, home: string) => MapFilesystem
  /** Of which filesystems a machine says that it lacks the log; nobody puts right what comes of it. */
  readonly lacks?: () => readonly string[]
  /** The filesystem has limits. */
  readonly isLimited?: boolean
  /** What goes wrong, and how often against each other; undefined: everything. */
  readonly trouble?: Readonly<Partial<Record<TroubleKind, number>>>
}

/** All of them, by name. */
export const CLOUD_CANARIES: readonly CloudCanary[] = [
  // Nothing acknowledged is lost.
  { name: 'lost-chunk-sync', first: 13, seedsMax: 16, trouble: { restart: 1 }, store: withoutSync },
  { name: 'early-sync', first: 29, seedsMax: 32, trouble: { outage: 1 }, handlers: answering('sync') },
  // A change of home keeps what was acknowledged, says what it has not kept, and no two are home in an epoch.
  { name: 'hasty-home', first: 3, seedsMax: 16, trouble: { split: 2, lose: 1 }, homes: hasty },
  { name: 'promotes-anybody', first: 6, seedsMax: 8, trouble: { promote: 1 }, record: anybody },
  { name: 'empty-home', first: 11, seedsMax: 32, trouble: { split: 4, wipe: 3, heal: 1, restart: 1 }, lacks: () => [] },
  { name: 'same-epoch', first: 1, seedsMax: 6, trouble: { promote: 1 }, record: inSameEpoch },
  { name: 'one-boot', first: 133, seedsMax: 144, trouble: { outage: 1 }, handlers: showingOneBoot },
  // Done once, and seen by all who open.
  { name: 'done-twice', first: 2, seedsMax: 8, trouble: { break: 1 }, handlers: namingNoChange },
  { name: 'deaf-session', first: 1, seedsMax: 4, trouble: { heal: 1 }, handlers: tellingNothing },
  { name: 'early-return', first: 3, seedsMax: 8, trouble: { heal: 1 }, handlers: returningAtOnce },
  { name: 'two-homes', first: 14, seedsMax: 16, trouble: { split: 1 }, homes: neverCutOff },
  { name: 'old-stand-in', first: 3, seedsMax: 16, trouble: { split: 3, heal: 1 }, setHome: believingOwnMap },
  // What nobody needs goes, and nothing else.
  { name: 'no-roots', first: 1, seedsMax: 4, trouble: { heal: 1 }, handlers: namingNoChunk },
  { name: 'no-collection', first: 1, seedsMax: 4, trouble: { heal: 1 }, store: withoutCollection },
  // All is counted, all is reachable, and no more moves than must.
  { name: 'kept-orphan', first: 1, seedsMax: 4, trouble: { heal: 1 }, handlers: answering('forget') },
  { name: 'hidden-chunk', first: 1, seedsMax: 4, trouble: { heal: 1 }, handlers: hidingChunks },
  { name: 'no-limits', first: 1, seedsMax: 16, trouble: { heal: 1 }, isLimited: true, handlers: limitingNobody },
  { name: 'restless-map', first: 1, seedsMax: 4, trouble: { join: 1 }, map: restless },
]

function withoutSync(store: ChunkStore): ChunkStore {
  return changed(store, { sync: async () => undefined })
}

function withoutCollection(store: ChunkStore): ChunkStore {
  return changed(store, { collect: async () => ({ asked: 0, candidates: 0, deleted: 0 }) })
}

function changed<Changed extends object>(all: Changed, changes: Partial<Changed>): Changed {
  return new Proxy(all, {
    get(target, name) {
      const value: unknown = Reflect.get(changes, name) ?? Reflect.get(target, name, target)
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

// The home lends files, and takes all of them for its own at once.
function returningAtOnce(handlers: readonly Handler[]): readonly Handler[] {
  const returned = wrapping('fs.call', handler => async (params, context, streams) => {
    const answer = await handler.run(params, context, streams)
    const ino: unknown = Reflect.get(Object(Reflect.get(Object(answer.head), 'value')), 'ino')
    if (Reflect.get(Object(params), 'kind') !== 'make' || ino === undefined) return answer
    const back = { ...Object(params), kind: 'returnDelegations', name: undefined, input: { inos: [ino] } }
    await handler.run(back, context, streams)
    return answer
  })
  return returned(handlers)
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

// The home calls durable what only its own disk has.
function hasty(homes: FilesystemsHomes): FilesystemsHomes {
  return {
    ...homes,
    ship(opened) {
      const shipping = homes.ship(opened)
      return { ...shipping, shipper: changed(shipping.shipper, { shipped: async () => undefined }) }
    },
  }
}

// A home goes on as if nobody could have taken its place.
function neverCutOff(homes: FilesystemsHomes): FilesystemsHomes {
  return { ...homes, isCutOff: () => false }
}

// Machines say that they need nothing of what others hold.
function namingNoChunk(handlers: readonly Handler[]): readonly Handler[] {
  const silent = wrapping('chunk.roots', handler => (params, context, streams) => {
    const send = (item: { head: unknown; body: Uint8Array }) =>
      streams.send({ ...item, body: new Uint8Array(item.body.byteLength) })
    return handler.run(params, context, { ...streams, send })
  })
  return silent(handlers)
}

// Who stands in for a home asks nobody whether it still may.
function believingOwnMap(setHome: SetHome, links: Pick<Links, 'map'>): SetHome {
  return async (change, signal) => {
    const isQuestion = change.was !== undefined && JSON.stringify(change.was) === JSON.stringify(change.next)
    return isQuestion ? { outcome: 'done', map: links.map } : setHome(change, signal)
  }
}

function anybody(was: MapFilesystem, home: string): MapFilesystem {
  return { ...was, home, epoch: was.epoch + 1, inSync: [home] }
}

function inSameEpoch(was: MapFilesystem, home: string): MapFilesystem {
  return { ...was, home, inSync: [home, ...was.inSync.filter(name => name !== home)] }
}

// Nobody can know that the home has begun anew, or is another.
function showingOneBoot(handlers: readonly Handler[]): readonly Handler[] {
  return wrapping('fs.open', handler => async (params, context, streams) => {
    const { head, body } = await handler.run(params, context, streams)
    return { head: { ...Object(head), boot: 'one' }, body }
  })(handlers)
}

// Nobody hears of limits before what is written comes home.
function limitingNobody(handlers: readonly Handler[]): readonly Handler[] {
  return wrapping('fs.call', handler => async (params, context, streams) => {
    const answer = await handler.run(params, context, streams)
    if (Reflect.get(Object(params), 'kind') !== 'limitsOf') return answer
    return { ...answer, head: { ...Object(answer.head), value: [] } }
  })(handlers)
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
