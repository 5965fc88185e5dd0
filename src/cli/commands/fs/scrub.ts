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
    .description('read and verify every chunk of this machine; exit code 1 while one is damaged')
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
  const met: Met = { found: [], standing: [], healed: [], mended: [] }
  let last: ScrubRow = { chunks: 0, bytes: 0, damagedChunks: 0 }
  for await (const { head } of client.download(storeScrub, { bytesPerSecond: Math.round(mib * 1024 * 1024) }, signal)) {
    last = head
    if (head.finding !== undefined) met[head.finding.kind].push(head.finding.digest)
    if (terminal.isWatched) terminal.err(`\r${head.chunks} chunks  ${formatBytes(head.bytes)}\u001b[K`)
  }
  if (terminal.isWatched) terminal.err('\r\u001b[K')
  const { chunks, bytes, damagedChunks } = last
  const { found, standing, healed, mended } = met
  const row = { chunks, bytes, damaged: [...found, ...standing], setAsideBefore: standing, healed, mended }
  show(context, row, () => verifiedText(last, met))
  if (damagedChunks > 0) throw cliFault('Unwell', damageText(damagedChunks, met), { hint: DAMAGE_HINT })
}

// What a scrub met, by the names of the chunks.
type Met = Record<'found' | 'standing' | 'healed' | 'mended', string[]>

const NAMED_MAX = 5
const DAMAGE_HINT = '`cairn doctor` names the files that need them and says what to do. Check the disk.'

function verifiedText({ chunks, bytes }: ScrubRow, { healed, mended }: Met): string {
  const lines = [
    `Verified ${plural(chunks, 'chunk')} (${formatBytes(bytes)})`,
    healed.length > 0 ? `Held again, because they are right after all: ${namedText(healed)}` : undefined,
    mended.length > 0 ? `Written anew, because their headers were damaged: ${namedText(mended)}` : undefined,
  ]
  return lines.map(line => (line === undefined ? '' : `${line}\n`)).join('')
}

// What is damaged, and since when: a disk that gets worse shows in what is found now.
function damageText(damagedChunks: number, { found, standing }: Met): string {
  const parts = [
    found.length > 0 ? `found now: ${namedText(found)}` : undefined,
    standing.length > 0 ? `set aside before: ${namedText(standing)}` : undefined,
  ]
  return `${plural(damagedChunks, 'chunk')} damaged; ${parts.filter(part => part !== undefined).join('; ')}`
}

function namedText(digests: readonly string[]): string {
  const named = digests.slice(0, NAMED_MAX).join(', ')
  return digests.length > NAMED_MAX ? `${named} and ${digests.length - NAMED_MAX} more` : named
}
