import type { Command } from 'commander'
import { isFault } from '#base'
import { show } from '../context.ts'
import { openDoor } from '../door.ts'
import type { Run } from '../run.ts'

/** `cairn version` */
export function declareVersion(program: Command, run: Run): void {
  program
    .command('version')
    .description('show the version of this program and of the running Cairn')
    .action(() =>
      run(async context => {
        const running = await runningVersion(context)
        const value = { version: context.host.version, running: running ?? null }
        show(context, value, () => `cairn ${value.version}\n${running === undefined ? '' : `running: ${running}\n`}`)
      }),
    )
}

async function runningVersion(context: Parameters<typeof openDoor>[0]): Promise<string | undefined> {
  try {
    await using client = await openDoor(context)
    return client.peer.software
  } catch (error) {
    if (isFault(error)) return undefined
    throw error
  }
}
