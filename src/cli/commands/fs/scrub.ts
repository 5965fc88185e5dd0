import type { Command } from 'commander'
import { type ScrubRow, storeScrub } from '#rpc'
import { type Context, show } from '../../context.ts'
import { openDoor } from '../../door.ts'
import { cliFault } from '../../faults.ts'
import { formatBytes, plural } from '../../format.ts'
import { examples } from '../../help.ts'
import type { Run } from '../../run.ts'

/** `cairn fs scrub` */
export function declareScrub(fs: Command, run: Run): void {
  fs.command('scrub')
    .description('read and verify every chunk of this machine; exit code 1 when one is damaged')
    .option('--rate <MiB>', 'MiB read per second', '100')
    .addHelpText('after', examples('cairn fs scrub', 'cairn fs scrub --rate 20'))
    .action((options: { rate: string }) => run(context => scrub(context, options.rate)))
}

async function scrub(context: Context, rate: string): Promise<void> {
  const { terminal, signal } = context
  const mib = Number(rate)
  if (!(mib >= 1 && mib <= 100_000))
    throw cliFault('Usage', `--rate ${rate} is no rate`, { hint: 'Write MiB per second, such as 100.' })
  await using client = await openDoor(context)
  const damaged: string[] = []
  let last: ScrubRow = { chunks: 0, bytes: 0, damagedChunks: 0 }
  for await (const { head } of client.download(storeScrub, { bytesPerSecond: Math.round(mib * 1024 * 1024) }, signal)) {
    last = head
    if (head.damaged !== undefined) damaged.push(head.damaged)
    if (terminal.isWatched) terminal.err(`\r${head.chunks} chunks  ${formatBytes(head.bytes)}\u001b[K`)
  }
  if (terminal.isWatched) terminal.err('\r\u001b[K')
  const { chunks, bytes, damagedChunks } = last
  show(context, { chunks, bytes, damaged }, () => `Verified ${plural(chunks, 'chunk')} (${formatBytes(bytes)})\n`)
  if (damagedChunks === 0) return
  throw cliFault(
    'Unwell',
    `${plural(damagedChunks, 'chunk')} damaged and set aside: ${damaged.slice(0, 5).join(', ')}`,
    {
      hint: 'Files that need them fail to read. Restore those from a backup, and check the disk.',
    },
  )
}
