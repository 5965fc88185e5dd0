import { isFault, type World } from '#base'
import { clusterHearKnock, type Knock, type Knocked, mapBytes, type NodeMap } from '#cluster'
import { readSigningRequest } from '#identity'
import { answerUnary, type Handler, type Message, message, newcomerApprove, newcomerList } from '#rpc'
import type { Issuing } from '../issuing.ts'
import type { LocalFetch } from '../local-api.ts'
import type { Revocations } from '../revocations.ts'
import { keyText } from './admitted-again.ts'
import type { Knocks, ShownKnock } from './knocks.ts'
import { endCertificatesOf, issueNode } from './node-certificates.ts'
import { makeNode, removeNode } from './node-objects.ts'
import { refuseNewcomer, takenName } from './refusals.ts'

/** What machines are let in with that have no token. */
export interface KnockingParts {
  readonly world: World
  readonly fetch: LocalFetch
  readonly issuing: Issuing
  readonly revocations: Revocations
  readonly own: string
  readonly mapNow: (signal: AbortSignal) => Promise<NodeMap>
  readonly knocks: Knocks
}

/** Answers machines that ask to be let in without a token, and administrators who confirm them. */
export function knockHandlers(parts: KnockingParts): readonly Handler[] {
  const { knocks, world } = parts
  return [
    answerUnary(clusterHearKnock, ({ knock, seenFrom }, { signal }) => hear(parts, knock, seenFrom, signal)),
    answerUnary(newcomerList, async () => message({ machines: knocks.waiting() })),
    answerUnary(newcomerApprove, async ({ code }) => {
      const { name, seenFrom } = knocks.approve(code)
      world.log.info('a machine was confirmed by its code', { name, seenFrom })
      return message({ name, seenFrom })
    }),
  ]
}

async function hear(
  parts: KnockingParts,
  { commitment, shown }: Knock,
  seenFrom: string,
  signal: AbortSignal,
): Promise<Message<Knocked>> {
  const { knocks, world } = parts
  if (shown === undefined) return message({ answer: knocks.begin(commitment, seenFrom).answer, state: 'waiting' })
  const map = await parts.mapNow(signal)
  const nowMs = Number(world.clock.wallNs() / 1_000_000n)
  refuseNewcomer({ ...shown, role: 'node' }, { map, nowMs, takesControllers: false, masterId: '' })
  if (shown.name === parts.own) throw takenName(shown.name, parts.own)
  const { publicKey } = await readSigningRequest(shown.csrPem)
  const entry = knocks.show(commitment, shown, await keyText(publicKey))
  if (!entry.isApproved) return message({ answer: entry.answer, state: 'waiting' })
  entry.admitting ??= takeIn(parts, shown, publicKey)
  try {
    const { certificatePem, authorityPem } = await entry.admitting
    const admitted = { certificatePem, authorityPem, role: 'node' } as const
    return { head: { answer: entry.answer, state: 'admitted', admitted }, body: mapBytes(map) }
  } catch (error) {
    if (isFault(error)) knocks.end(commitment)
    throw error
  }
}

// The answer stays for as long as it may be asked for again: the first may be lost.
async function takeIn(
  parts: KnockingParts,
  { name }: ShownKnock,
  publicKey: Awaited<ReturnType<typeof readSigningRequest>>['publicKey'],
) {
  const { fetch, issuing, own, world } = parts
  const { signal } = new AbortController()
  if (!(await makeNode(fetch, name, 'node'))) throw takenName(name, own)
  try {
    await endCertificatesOf(name, parts, signal)
    const issued = await issueNode(issuing, { name, role: 'node', publicKey, from: 'cairn node approve' }, signal)
    world.log.info('a machine has joined', { name, role: 'node' })
    return issued
  } catch (error) {
    await removeNode(fetch, name)
    throw error
  }
}
