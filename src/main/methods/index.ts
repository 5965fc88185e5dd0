import {
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
import { nodeMethods } from './node.ts'
import type { Parts } from './parts.ts'
import { quotaMethods } from './quota.ts'
import { snapshotMethods } from './snapshot.ts'
import { storeMethods } from './store.ts'
import { transferMethods } from './transfer.ts'

/** Everything the local door answers, and `orders` at the port of machines. */
export function handlersOf(parts: Parts, orders?: HomeOrders): readonly Handler[] {
  const claims = new Claims(parts.world.clock)
  const whole = [
    ...nodeMethods(parts),
    ...diskMethods(parts),
    ...filesystemMethods(parts),
    ...storeMethods(parts),
    ...quotaMethods(parts),
  ]
  const handlers = [
    ...whole,
    ...parts.peers.localMethods(),
    ...parts.desk.localMethods(),
    ...fileMethods(parts),
    ...snapshotMethods(parts, claims),
    ...transferMethods(parts, claims),
  ]
  orders?.serve(parts.filesystems, handlers)
  return forwarding(parts, handlers)
}

/** Orders that other machines may give about the filesystems that live here. */
export function homeOrders(): HomeOrders {
  const snapshots = [snapshotList, snapshotDiff, snapshotCreate, snapshotRemove, snapshotRestore]
  const mounts = [filesystemStatus, filesystemMount, filesystemUnmount]
  return new HomeOrders([...snapshots, ...mounts, quotaList, quotaSet, quotaRemove, fileDescribe, filesystemAccess])
}
