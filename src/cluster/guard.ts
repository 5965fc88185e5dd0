import type { Handler } from '#rpc'
import { clusterFault } from './faults.ts'
import { type MachineSubject, machineOf } from './peer-name.ts'

/** The same handlers for machines that `may` names only; others get Forbidden before anything runs. */
export function forMachines(
  handlers: readonly Handler[],
  may: (caller: MachineSubject) => boolean = () => true,
): readonly Handler[] {
  return handlers.map(handler => ({
    method: handler.method,
    async run(params, context, streams) {
      const caller = context.peer === undefined ? undefined : machineOf(context.peer)
      if (caller === undefined || !may(caller)) {
        const who = caller?.name ?? 'who has no certificate of a machine'
        throw clusterFault('Forbidden', `${handler.method.name} is not for ${who}`)
      }
      return handler.run(params, context, streams)
    },
  }))
}
