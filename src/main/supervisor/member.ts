import type { NodeIdentity } from '#cluster'
import { mainFault } from '../faults.ts'
import type { UpOptions } from './run.ts'

/** Refuses what people say at a start that the machine is not. Faults: Invalid. */
export function refuseOptions(options: UpOptions, node: NodeIdentity | undefined): void {
  const { name, listen, keyspace } = options
  if (node === undefined) return
  if (name !== undefined && name !== node.name) {
    throw mainFault('Invalid', `--name: this machine is called ${node.name}, since it is in its cloud`, {
      hint: 'Leave --name out.',
    })
  }
  const isServed = listen !== undefined && listen !== 'none'
  const option = isServed ? '--listen' : keyspace === undefined ? undefined : '--keyspace'
  if (node.role === 'controller' || option === undefined) return
  throw mainFault('Invalid', `${option}: this machine, ${node.name}, is a node of a cloud: it has no control plane`, {
    hint: `Leave ${option} out; the API is served by the controllers of the cloud.`,
  })
}
