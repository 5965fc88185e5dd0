import type { Command } from 'commander'
import { storeCollect } from '#rpc'
import { show } from '../../context.ts'
import { openDoor } from '../../door.ts'
import { formatBytes, plural } from '../../format.ts'
import type { Run } from '../../run.ts'

/** `cairn fs gc` */
export function declareGc(fs: Command, run: Run): void {
  fs.command('gc')
    .description('free chunks that no file and no snapshot needs any more, now instead of in a quarter of an hour')
    .action(() =>
      run(async context => {
        await using client = await openDoor(context)
        const round = await client.call(storeCollect, undefined, context.signal)
        const { deletedChunks, candidates, freedBytes } = round
        const text = `Deleted ${plural(deletedChunks, 'chunk')} (${formatBytes(freedBytes)}), ${plural(candidates, 'chunk')} may go next time\n`
        show(context, round, () => text)
      }),
    )
}
