import { mainFault } from '../faults.ts'
import type { Homes } from '../remote-fs/handlers.ts'
import type { Replication } from '../replication/replication.ts'
import type { Filesystems } from './filesystems.ts'

/** The filesystems whose home is here, for other machines, once they are open; a home that may have been followed answers nobody. */
export function servedHomes(
  filesystems: () => Pick<Filesystems, 'all'> | undefined,
  peers: {
    /** False for a machine whose clock is so far off that it may not write. */
    mayWrite(machine: string): boolean
  },
  replication: Pick<Replication, 'isCutOff'>,
): Homes {
  const homeOf = (name: string) => {
    const open = filesystems()
    if (open === undefined) throw mainFault('HomeUnreachable', 'the filesystems of this machine are not open yet')
    const here = open.all.find(each => each.name === name)
    if (here === undefined) throw mainFault('HomeUnreachable', `the filesystem ${name} does not live here now`)
    return here.filesystem
  }
  return {
    sessionsOf: name => {
      const { sessions } = homeOf(name)
      if (!replication.isCutOff(name)) return sessions
      throw mainFault('HomeUnreachable', `the home of ${name} may be another one by now`)
    },
    accessOf: (machine, filesystem) => {
      const access = homeOf(filesystem).access.of(machine)
      return access === undefined || peers.mayWrite(machine.name) ? access : 'readOnly'
    },
  }
}
