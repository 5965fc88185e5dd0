import type { Client } from '#client'
import type { CopiesStatus } from '#rpc'
import { heldByNode } from '../../api/nodes.ts'
import { type Context, show } from '../../context.ts'
import { copiesStatus } from '../../copies.ts'
import { formatBytes, formatDuration, plural } from '../../format.ts'
import { DRAIN_LOOK_MS } from '../../limits.ts'

/** Shows how much is left on a machine that is drained until all of it is elsewhere. It ends early when its signal aborts. */
export async function untilDrained(context: Context, client: Client, name: string): Promise<void> {
  const { host, terminal, signal } = context
  let said = ''
  for (let first = -1; ; ) {
    const copies = await copiesStatus(context)
    const own = copies.machines.find(each => each.name === name)
    const left = own?.chunks ?? first
    first = Math.max(first, left)
    const homes = (await heldByNode(client, name, signal))?.homes ?? []
    if (own !== undefined && own.chunks === 0 && own.isSafeToUnplug) {
      const text = `Nothing is left on ${name}${homeText(homes)}: ${pullText(name, homes)}\n`
      return show(context, { drained: name, chunks: 0, homes, isSafeToUnplug: homes.length === 0 }, () => text)
    }
    const line = progressText(name, copies)
    if (terminal.isWatched) terminal.err(`\r${line}\u001b[K`)
    else if (line !== said) terminal.err(`${line}\n`)
    said = line
    await host.clock.sleep(DRAIN_LOOK_MS, signal)
  }
}

/** How far a machine is that gives its copies away. */
export function progressText(name: string, copies: CopiesStatus): string {
  const own = copies.machines.find(each => each.name === name)
  if (own === undefined) return `${name} does not answer: it goes on when it is back`
  if (own.chunks === 0) return `${name} is empty, and compares with the others`
  const { secondsLeft } = copies
  const time = secondsLeft === undefined ? '' : `, about ${formatDuration(secondsLeft * 1000)}`
  const alone = own.chunksAlone > 0 ? `; ${plural(own.chunksAlone, 'chunk')} on no other machine yet` : ''
  return `${name}: ${plural(own.chunks, 'chunk')} (${formatBytes(own.bytes)}) to go${time}${alone}`
}

function homeText(homes: readonly string[]): string {
  return homes.length === 0 ? '' : `, but it is the home of ${homes.join(', ')}`
}

function pullText(name: string, homes: readonly string[]): string {
  return homes.length === 0
    ? `its plug may be pulled. For good: cairn node remove ${name}`
    : `let another machine be that first: cairn fs promote ${homes[0]}`
}
