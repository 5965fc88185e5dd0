import { hostname } from 'node:os'
import type { World } from '#base'
import type { Storage } from '#controllers'
import {
  type Client,
  connectSocket,
  doorOf,
  filesystemAccess,
  filesystemCreate,
  filesystemMount,
  filesystemRemove,
  filesystemStatus,
  filesystemUnmount,
  nodeStatus,
  quotaSet,
  storeCopies,
} from '#rpc'
import { nodeNameOf } from '../node-name.ts'
import { softwareName } from '../version.ts'

/** The storage process of the same data folder, over its local door; a connection for each call, as they are few. */
export function storageDoor(dataFolder: string, { clock }: Pick<World, 'clock'>): DoorCall {
  const options = { clock, software: softwareName() }
  return async (signal, run) => {
    await using client = await connectSocket(doorOf(dataFolder), options, signal)
    return await run(client)
  }
}

/** Does something with a client of the local door. */
export type DoorCall = <Value>(signal: AbortSignal, run: (client: Client) => Promise<Value>) => Promise<Value>

/** The storage behind a local door; `nodeName` is what its machine is called. */
export function storageOver(call: DoorCall, nodeName: string = nodeNameOf(hostname())): Storage {
  return {
    nodeName,
    status: signal => call(signal, client => client.call(nodeStatus, {}, signal)),
    copies: signal => call(signal, client => client.call(storeCopies, undefined, signal)),
    async create(filesystem, signal) {
      await call(signal, client => client.call(filesystemCreate, { filesystem }, signal))
    },
    async remove(filesystem, { isForced }, signal) {
      await call(signal, client => client.call(filesystemRemove, { filesystem, isForced }, signal))
    },
    async limit(filesystem, { bytesMax, inodesMax }, signal) {
      const place = { filesystem, path: '/' }
      await call(signal, client => client.call(quotaSet, { place, bytesMax, inodesMax }, signal))
    },
    async access(filesystem, to, signal) {
      const asked = { filesystem, to: { machines: undefined, ...to } }
      await call(signal, client => client.call(filesystemAccess, asked, signal))
    },
    async mount(filesystem, { path, isMoved }, signal) {
      const asked = { filesystem, path, isMoved, atHome: true }
      return (await call(signal, client => client.call(filesystemMount, asked, signal))).path
    },
    async unmount(filesystem, path, signal) {
      const asked = { filesystem, path, atHome: true }
      await call(signal, client => client.call(filesystemUnmount, asked, signal))
    },
    async atHome(filesystem, signal) {
      const { row, ...status } = await call(signal, client => client.call(filesystemStatus, { filesystem }, signal))
      return { row, status }
    },
  }
}
