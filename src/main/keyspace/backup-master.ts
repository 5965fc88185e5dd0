import type { KeyValue } from '#keyspace'
import { DATA_KEYS, wrappedFor } from '../control/rotation/key-rows.ts'
import { rowOf } from '../control/rows.ts'
import { mainFault } from '../faults.ts'
import { readMasterKey } from '../keys/master-key-file.ts'

/**
 * Refuses rows of a backup that need another master key than the one in `file`: restored they could not be read, and what is there
 * now would be gone for them. Faults: MasterKey, DataNewer.
 */
export function refuseOtherMaster(file: string): (rows: readonly KeyValue[]) => void {
  const master = readMasterKey(file)
  return rows => {
    for (const entry of rows) {
      if (!entry.key.startsWith(DATA_KEYS)) continue
      const needed = wrappedFor(rowOf(entry), master?.id).master
      if (needed === master?.id) continue
      throw mainFault('MasterKey', `the backup needs master key ${needed}; in ${file} is ${master?.id ?? 'none'}`, {
        hint: 'It is of another cloud, or of before `cairn key rotate --master`. Move that file away, bring its own key back (`cairn key restore`), then restore.',
      })
    }
  }
}
