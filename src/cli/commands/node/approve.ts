import type { Command } from 'commander'
import { isFault } from '#base'
import { newcomerApprove, newcomerList, type NewcomerRow } from '#rpc'
import { type Context, show } from '../../context.ts'
import { openControlDoor } from '../../control-door.ts'
import { cliFault } from '../../faults.ts'
import { formatDuration } from '../../format.ts'
import { examples } from '../../help.ts'
import type { Run } from '../../run.ts'
import { table } from '../../table.ts'

/** `cairn node approve` */
export function declareNodeApprove(node: Command, run: Run): void {
  node
    .command('approve')
    .description('let a machine in that asks without a token; without a code: list those that ask this controller')
    .argument('[code]', 'the six digits that `cairn join` shows on the machine itself')
    .addHelpText('after', examples('cairn node approve', 'cairn node approve 123456'))
    .action((code: string | undefined) =>
      run(context => (code === undefined ? list(context) : approve(context, code.replaceAll(' ', '')))),
    )
}

async function list(context: Context): Promise<void> {
  await using door = await openControlDoor(context)
  const { machines } = await door.call(newcomerList, undefined, context.signal)
  show(context, machines, () => newcomerTable(machines))
}

// The code is not shown: it is to be read on the machine itself.
function newcomerTable(machines: readonly NewcomerRow[]): string {
  if (machines.length === 0) return 'No machine asks to be let in.\n'
  const rows = machines.map(({ name, seenFrom, agoMs }) => [name, seenFrom, formatDuration(agoMs)])
  return `${table(COLUMNS, rows)}\nRead the code on the machine itself, then: cairn node approve CODE\n`
}

const COLUMNS = [{ title: 'MACHINE' }, { title: 'FROM' }, { title: 'ASKS SINCE' }] as const

async function approve(context: Context, code: string): Promise<void> {
  if (!/^[0-9]{6}$/.test(code)) throw cliFault('Usage', `"${code}" is no code: it has six digits`)
  await using door = await openControlDoor(context)
  const { name, seenFrom } = await door.call(newcomerApprove, { code }, context.signal)
  show(context, { approved: name, seenFrom }, () => {
    return `Let in: ${name}, which asks from ${seenFrom}. Now say yes there.\n`
  })
}

/** How many machines ask to be let in; none where that cannot be known. */
export async function newcomersCount(context: Context): Promise<number> {
  try {
    await using door = await openControlDoor(context)
    return (await door.call(newcomerList, undefined, context.signal)).machines.length
  } catch (error) {
    if (!isFault(error)) throw error
    return 0
  }
}
