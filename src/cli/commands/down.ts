import type { Command } from 'commander'
import { isFault } from '#base'
import { nodeDown } from '#rpc'
import { type Context, dataFolder, show } from '../context.ts'
import { openDoor } from '../door.ts'
import { cliFault } from '../faults.ts'
import { DOWN_MS_MAX, DOWN_POLL_MS } from '../limits.ts'
import { askToEnd, runningSupervisor } from '../local/supervisor.ts'
import type { Run } from '../run.ts'
import { printable } from '../table.ts'

/** `cairn down` */
export function declareDown(program: Command, run: Run): void {
  program
    .command('down')
    .description('unmount everything and end the running Cairn cleanly')
    .action(() => run(down))
}

async function down(context: Context): Promise<void> {
  const folder = dataFolder(context)
  const pid = runningSupervisor(folder)
  if (pid === undefined) {
    throw cliFault('NotRunning', `Cairn does not run on ${folder}`, {
      hint: 'Name the data folder it runs on with --data or CAIRN_DATA.',
    })
  }
  const note = await ask(context, pid)
  if (note !== undefined) context.terminal.err(`${printable(note)}\n`)
  const { clock } = context.host
  const endMs = clock.monotonicMs() + DOWN_MS_MAX
  while (runningSupervisor(folder) === pid) {
    if (clock.monotonicMs() > endMs) {
      throw cliFault('Local', `process ${pid} has not ended yet`, { hint: 'See what `cairn up` prints.' })
    }
    await clock.sleep(DOWN_POLL_MS, context.signal)
  }
  show(context, { ended: pid }, () => `Ended Cairn (process ${pid})\n`)
}

// The supervisor also hears signals: for when the storage process does not answer.
async function ask(context: Context, pid: number): Promise<string | undefined> {
  try {
    await using client = await openDoor(context, 0)
    return (await client.call(nodeDown, undefined, context.signal)).note
  } catch (error) {
    if (!isFault(error)) throw error
    askToEnd(pid)
    return undefined
  }
}
