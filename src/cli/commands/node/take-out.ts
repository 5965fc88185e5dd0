import type { Client } from '#client'
import type { NodeRow } from '#cluster'
import type { CopiesStatus, IfLost } from '#rpc'
import { deleteNode, type HeldByNode, heldByNode, nodeOf } from '../../api/nodes.ts'
import type { Context } from '../../context.ts'
import { copiesStatus, ifLost } from '../../copies.ts'
import { cliFault } from '../../faults.ts'
import { plural } from '../../format.ts'
import { nodeRows } from './rows.ts'

/** A machine that was taken out, and what went with it. */
export interface TakenOut {
  readonly held: HeldByNode | undefined
  /** Undefined when everything it held has enough copies elsewhere. */
  readonly lost: IfLost | undefined
}

/**
 * Takes a machine out of the cloud, when everything it holds has copies elsewhere, or by force. Faults: NotFound, Usage (it
 * holds what is nowhere else, or that is not known).
 */
export async function takeOut(
  context: Context,
  client: Client,
  { name, isForced }: { readonly name: string; readonly isForced: boolean },
): Promise<TakenOut> {
  const { signal } = context
  const node = await nodeOf(client, name, signal)
  const { nodes } = await nodeRows(context)
  refuseOwn(nodes, name)
  const held = await heldByNode(client, name, signal)
  const lost = await lostWith(context, { name, isOffline: nodes.find(each => each.name === name)?.state === 'Offline' })
  if (!isForced) refuseHome(name, held)
  if (!isForced && lost !== undefined) throw refused(lost)
  await deleteNode(client, node, signal)
  return { held, lost: lost?.found }
}

/** Why a machine may not be taken out: what is lost, and what would make it safe. */
interface Loss {
  readonly found: IfLost
  readonly why: string
  readonly hint: string
}

async function lostWith(
  context: Context,
  { name, isOffline }: { readonly name: string; readonly isOffline: boolean },
): Promise<Loss | undefined> {
  const copies = await copiesStatus(context)
  const own = copies.machines.find(each => each.name === name)
  if (own?.isSafeToUnplug === true) return undefined
  const found = await ifLost(context, name)
  const isNothing = found.isAll && found.chunks === 0 && found.homes.length === 0
  // Who is gone can make no copies any more: that nothing needs it is enough.
  if (isNothing && (isOffline || own?.chunks === 0)) return undefined
  const hint = isOffline
    ? `When it is lost for good: cairn node remove ${name} --force`
    : `First: cairn node drain ${name} --wait. Or add --force: what is nowhere else is lost then.`
  return { found, why: whyOf(name, own), hint }
}

/** What a machine holds that others should have too. */
export function whyOf(name: string, own: CopiesStatus['machines'][number] | undefined): string {
  if (own === undefined) return `${name} does not say what it holds`
  if (own.chunksAlone > 0) return `${name} holds ${plural(own.chunksAlone, 'chunk')} that no other machine has`
  if (own.missingCopies > 0)
    return `other machines lack ${plural(own.missingCopies, 'chunk')} of those that ${name} holds`
  return `it is not known yet whether other machines have all that ${name} holds`
}

function refused({ found, why, hint }: Loss): Error {
  return cliFault('Usage', `${why}; the machine was not removed. ${found.sentence}`, { hint })
}

function refuseOwn(nodes: readonly NodeRow[], name: string): void {
  if (nodes.find(({ isOwn }) => isOwn)?.name !== name) return
  throw cliFault('Usage', `${name} is this machine, which holds the control plane`, {
    hint: 'A controller is removed on another one.',
  })
}

function refuseHome(name: string, held: HeldByNode | undefined): void {
  if (held === undefined || held.homes.length === 0) return
  const homes = held.homes.join(', ')
  throw cliFault('Usage', `${name} is the home of ${homes}; the machine was not removed`, {
    hint: `Let another machine be its home first: cairn fs promote ${held.homes[0]}`,
  })
}
