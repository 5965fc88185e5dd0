import { NR } from './constants.ts'
import { bind } from './libc.ts'

const syscallC = bind('syscall', 'long', ['long', 'long', 'long', 'long'])
const syscallBufferC = bind('syscall', 'long', ['long', 'long', 'void *'])

/** Who a step is run as. */
export interface Identity {
  readonly uid: number
  readonly gid: number
  readonly groups?: readonly number[]
}

/**
 * Runs a step with other effective ids and supplementary groups, and no capability when the uid is not 0. Needs root. The raw
 * calls change the calling thread only (credentials(7)), so the step must be synchronous.
 */
export function as<T>(who: Identity, step: () => T): T {
  const before = groupsNow()
  setGroups(who.groups ?? [])
  syscallC(NR.setresgid, -1, who.gid, -1)
  syscallC(NR.setresuid, -1, who.uid, -1)
  try {
    return step()
  } finally {
    syscallC(NR.setresuid, -1, 0, -1)
    syscallC(NR.setresgid, -1, 0, -1)
    setGroups(before)
  }
}

function groupsNow(): readonly number[] {
  return process.getgroups?.() ?? []
}

function setGroups(groups: readonly number[]): void {
  const block = Buffer.alloc(Math.max(groups.length, 1) * 4)
  for (const [index, gid] of groups.entries()) block.writeUInt32LE(gid, index * 4)
  syscallBufferC(NR.setgroups, groups.length, block)
}
