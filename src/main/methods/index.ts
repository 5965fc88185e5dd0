import type { Handler } from '#rpc'
import { Claims } from '../paths/claims.ts'
import { fileMethods } from './file.ts'
import { filesystemMethods } from './filesystem.ts'
import { nodeMethods } from './node.ts'
import type { Parts } from './parts.ts'
import { quotaMethods } from './quota.ts'
import { snapshotMethods } from './snapshot.ts'
import { storeMethods } from './store.ts'
import { transferMethods } from './transfer.ts'

/** Everything the local door answers. */
export function handlersOf(parts: Parts): readonly Handler[] {
  const claims = new Claims(parts.world.clock)
  const whole = [...nodeMethods(parts), ...filesystemMethods(parts), ...storeMethods(parts), ...quotaMethods(parts)]
  return [
    ...whole,
    ...parts.peers.localMethods(),
    ...parts.desk.localMethods(),
    ...fileMethods(parts),
    ...snapshotMethods(parts, claims),
    ...transferMethods(parts, claims),
  ]
}
