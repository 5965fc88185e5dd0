import { assert } from '#base'
import { clusterFault, type MachineSubject, machineOf, type NodeMap } from '#cluster'
import type { Handler, PeerName } from '#rpc'

/**
 * Who may call: a `machine` has a certificate of the cloud that nobody has revoked; a `controller` has one as such; a `member` is in
 * the map that is here. The
 * handlers look closer: at pools, at filesystems and who may mount them, at who is the home.
 */
export type Right = 'machine' | 'controller' | 'member'

/** Who may call what at the port of machines. What is not here is answered to nobody. */
const RIGHTS: Readonly<Record<string, Right>> = {
  'cluster.renew': 'machine',
  'cluster.setHome': 'machine',
  'cluster.seat': 'controller',
  'chunk.put': 'member',
  'chunk.read': 'member',
  'chunk.has': 'member',
  'chunk.renew': 'member',
  'chunk.sync': 'member',
  'chunk.began': 'member',
  'chunk.doubt': 'member',
  'chunk.groups': 'member',
  'chunk.list': 'member',
  'chunk.confirm': 'member',
  'chunk.report': 'member',
  'chunk.ifLost': 'member',
  'chunk.roots': 'member',
  'chunk.rootsVersion': 'member',
  'fs.open': 'machine',
  'fs.call': 'machine',
  'fs.watch': 'machine',
  'fs.acknowledge': 'machine',
  'fs.renew': 'machine',
  'fs.standIn': 'machine',
  'fs.close': 'machine',
  'snapshot.list': 'member',
  'snapshot.diff': 'member',
  'snapshot.create': 'member',
  'snapshot.remove': 'member',
  'snapshot.restore': 'member',
  'quota.list': 'member',
  'quota.set': 'member',
  'quota.remove': 'member',
  'file.describe': 'member',
  'filesystem.access': 'member',
  'filesystem.status': 'controller',
  'filesystem.mount': 'controller',
  'filesystem.unmount': 'controller',
  'log.reach': 'member',
  'log.append': 'member',
  'log.appendLarge': 'member',
  'log.fill': 'member',
  'log.homes': 'member',
  'log.compare': 'member',
  'log.keep': 'member',
  'mesh.meet': 'member',
  'disk.list': 'controller',
  'disk.add': 'controller',
  'disk.drain': 'controller',
  'disk.remove': 'controller',
}

/** What may be called, by name, for tests that go through all of it. */
export const METHODS: readonly string[] = Object.keys(RIGHTS)

/** Who may call a method; undefined: nobody. */
export function rightOf(method: string): Right | undefined {
  return Object.hasOwn(RIGHTS, method) ? RIGHTS[method] : undefined
}

/** The same handlers for those who may call them; others get Forbidden before anything runs. */
export function authorised(
  handlers: readonly Handler[],
  map: () => NodeMap,
  rightFor: (method: string) => Right | undefined = rightOf,
): readonly Handler[] {
  return handlers.map(handler => {
    const { name } = handler.method
    const right = rightFor(name)
    assert(right !== undefined, `who may call ${name} stands in no table`)
    return {
      method: handler.method,
      async run(params, context, streams) {
        const { peer } = context
        const caller = peer === undefined ? undefined : machineOf(peer)
        if (peer === undefined || caller === undefined || !isRight(right, { peer, caller }, map())) {
          const who = caller?.name ?? peer?.name ?? 'who has no certificate of a machine'
          const hint = right === 'controller' ? 'Do it on a controller: `cairn node ls` lists them.' : undefined
          throw clusterFault('Forbidden', `${name} is not for ${who}`, { hint })
        }
        return handler.run(params, context, streams)
      },
    }
  })
}

interface Asking {
  readonly peer: PeerName
  readonly caller: MachineSubject
}

function isRight(right: Right, { peer, caller }: Asking, { machines, revoked }: NodeMap): boolean {
  if (revoked.includes(peer.serial)) return false
  if (right === 'controller') return caller.isController
  return right === 'machine' || machines.some(({ name }) => name === caller.name)
}
