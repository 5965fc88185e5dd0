import {
  diskAdd,
  diskDrain,
  diskList,
  diskRemove,
  fileDescribe,
  filesystemAccess,
  filesystemMount,
  filesystemStatus,
  filesystemUnmount,
  type Handler,
  quotaList,
  quotaRemove,
  quotaSet,
  snapshotCreate,
  snapshotDiff,
  snapshotList,
  snapshotRemove,
  snapshotRestore,
} from '#rpc'
import { Claims } from '../paths/claims.ts'
import { diskMethods } from './disk.ts'
import { fileMethods } from './file.ts'
import { filesystemMethods } from './filesystem.ts'
import { forwarding, HomeOrders } from './forwarding.ts'
import { MachineOrders, toMachines } from './machine-orders.ts'
import { idMethods } from './ids.ts'
import { nodeMethods } from './node.ts'
import type { Parts } from './parts.ts'
import { quotaMethods } from './quota.ts'
import { snapshotMethods } from './snapshot.ts'
import { storeMethods } from './store.ts'
import { transferMethods } from './transfer.ts'

/** What machines may order of each other. */
export interface Orders {
  /** About the filesystems that live here. */
  readonly home: HomeOrders
  /** About this machine. */
  readonly machine: MachineOrders
}

/** Everything the local door answers, and `orders` at the port of machines. */
export function handlersOf(parts: Parts, orders?: Orders): readonly Handler[] {
  const claims = new Claims(parts.world.clock)
  const whole = [
    ...nodeMethods(parts),
    ...diskMethods(parts),
    ...filesystemMethods(parts),
    ...storeMethods(parts),
    ...quotaMethods(parts),
    ...idMethods(parts),
  ]
  const handlers = [
    ...whole,
    ...parts.peers.localMethods(),
    ...parts.desk.localMethods(),
    ...fileMethods(parts),
    ...snapshotMethods(parts, claims),
    ...transferMethods(parts, claims),
  ]
  orders?.home.serve(parts.filesystems, handlers)
  orders?.machine.serve(handlers)
  return toMachines(parts.peers.machines, forwarding(parts, handlers))
}

/** Orders that other machines may give, once everything is open. */
export function ordersOfOthers(): Orders {
  const snapshots = [snapshotList, snapshotDiff, snapshotCreate, snapshotRemove, snapshotRestore]
  const mounts = [filesystemStatus, filesystemMount, filesystemUnmount]
  const quotas = [quotaList, quotaSet, quotaRemove]
  return {
    home: new HomeOrders([...snapshots, ...mounts, ...quotas, fileDescribe, filesystemAccess]),
    machine: new MachineOrders([diskList, diskAdd, diskDrain, diskRemove]),
  }
}
