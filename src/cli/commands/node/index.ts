import type { Command } from 'commander'
import type { Run } from '../../run.ts'
import { declareNodeApprove } from './approve.ts'
import { declareNodeCreate } from './create.ts'
import { declareNodeDrain } from './drain.ts'
import { declareNodeList } from './list.ts'
import { declareNodeRemove } from './remove.ts'
import { declareNodeRm } from './rm.ts'
import { declareNodeStopAndStart } from './stop.ts'

/** `cairn node` */
export function declareNode(program: Command, run: Run): void {
  const node = program.command('node').description('look after the machines of the cloud').helpCommand(false)
  const simulated = [declareNodeCreate, declareNodeStopAndStart, declareNodeRm]
  for (const declare of [declareNodeList, declareNodeApprove, declareNodeDrain, declareNodeRemove, ...simulated])
    declare(node, run)
}
