import type { Command } from 'commander'
import type { Run } from '../../run.ts'
import { declareNodeDrain } from './drain.ts'
import { declareNodeList } from './list.ts'
import { declareNodeRemove } from './remove.ts'

/** `cairn node` */
export function declareNode(program: Command, run: Run): void {
  const node = program.command('node').description('look after the machines of the cloud').helpCommand(false)
  for (const declare of [declareNodeList, declareNodeDrain, declareNodeRemove]) declare(node, run)
}
