import { homedir } from 'node:os'
import { type JoinResult, masterContext, type NodeFiles } from '#cluster'
import { type JoinToken, MasterKey, openWithKey } from '#identity'
import { masterKeyFileOf } from '#rpc'
import { mainFault } from '../faults.ts'
import { writeChoice } from '../keyspace/choice.ts'
import { readMasterKey, writeMasterKey } from '../keys/master-key-file.ts'
import { refuseWithoutEtcd } from '../members/etcd-program.ts'

/** Refuses a machine that cannot become the controller that a token makes of it. Faults: Missing, Belongs. */
export function refuseController({ role }: JoinToken, files: NodeFiles | undefined): void {
  if (role !== 'controller') return
  refuseWithoutEtcd('a controller')
  if (files === undefined || files.node.role === 'controller') return
  throw mainFault('Belongs', `this machine is in the cloud already, as the node ${files.node.name}`, {
    hint: `To make it a controller: cairn node drain and remove ${files.node.name}, then join with a new data folder.`,
  })
}

/** The id of the master key that is on this machine; of the cloud's, or the cloud lets no controller in. Faults: MasterKey. */
export function masterIdHere({ role }: JoinToken): string | undefined {
  return role === 'controller' ? readMasterKey(masterKeyFileHere())?.id : undefined
}

/**
 * Of a machine that was let in as a controller: keeps the master key that was sealed for the key of this machine, and that its control plane is on others. Both before it is a
 * controller: one that is has all that it needs, and no control plane of its own. Faults: MasterKey, SealBroken.
 */
export function becomeController(
  dataFolder: string,
  { name, keyPem, answer }: { readonly name: string; readonly keyPem: string; readonly answer: JoinResult },
): void {
  const { role, sealedMaster } = answer
  if (role === 'node') return
  if (sealedMaster === undefined) throw unlike()
  const file = masterKeyFileHere()
  const text = Buffer.from(openWithKey({ keyPem, context: masterContext(name) }, sealedMaster)).toString()
  const master = MasterKey.ofText(text)
  if (!writeMasterKey(file, master) && readMasterKey(file)?.is(master) !== true) {
    throw mainFault('MasterKey', `${file} holds another master key`, { hint: 'Move that file away, then join again.' })
  }
  writeChoice(dataFolder, { kind: 'standby' })
}

function unlike(): Error {
  return mainFault('TokenRefused', 'the cloud answered as its Cairn of before did: it takes no controllers in', {
    hint: 'Update Cairn on the controllers of the cloud, then make another token.',
  })
}

function masterKeyFileHere(): string {
  return masterKeyFileOf({ env: process.env, isRoot: process.geteuid?.() === 0, home: homedir() })
}
