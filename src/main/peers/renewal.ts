import { X509Certificate } from 'node:crypto'
import { type World, whyOf } from '#base'
import { clusterRenew, type Machines, type NodeFiles, subjectOf, writeNodeFiles } from '#cluster'
import type { CheckRow } from '#rpc'
import { mainFault } from '../faults.ts'
import { NODE_RENEW_MS, RENEW_LOOK_MS } from '../limits.ts'

/** What the certificate of a machine without a control plane is renewed with. */
export interface RenewalParts {
  readonly world: World
  readonly dataFolder: string
  /** What this machine is now. */
  readonly files: () => NodeFiles | undefined
  readonly machines: Pick<Machines, 'map' | 'connect'>
  /** The files are others now. */
  readonly changed: () => Promise<void>
}

/**
 * Looks every hour, until disposed, whether the certificate of this machine is due, and asks a controller for the next one. The
 * key stays. A controller looks after its own itself.
 */
export function renewingNode(parts: RenewalParts): AsyncDisposable {
  const { clock, log } = parts.world
  const closing = new AbortController()
  const { signal } = closing
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        await renewWhenDue(parts, signal)
      } catch (error) {
        if (!signal.aborted) log.warn('the certificate of this machine could not be renewed', { why: whyOf(error) })
      }
      await clock.sleep(RENEW_LOOK_MS, signal).catch(() => undefined)
    }
  }
  const running = run()
  return {
    async [Symbol.asyncDispose]() {
      closing.abort()
      await running
    },
  }
}

/** Renews the certificate when it ends soon. Faults: those of the cloud, the last one when several controllers refuse. */
export async function renewWhenDue(parts: RenewalParts, signal: AbortSignal): Promise<void> {
  const files = parts.files()
  if (files === undefined || files.node.role === 'controller' || !isDue(parts.world, files)) return
  const controllers = parts.machines.map.machines.filter(({ role }) => role === 'controller')
  let last: unknown = mainFault('CloudUnreachable', 'no controller is known')
  for (const { name } of controllers) {
    try {
      return await renewBy(parts, files, name, signal)
    } catch (error) {
      signal.throwIfAborted()
      last = error
    }
  }
  throw last
}

/** How the certificate of this machine is, for `cairn doctor`. */
export function certificateCheck({ node, credential }: NodeFiles, { clock }: Pick<World, 'clock'>): CheckRow {
  const leftMs = endOf(credential) - Number(clock.wallNs() / 1_000_000n)
  const name = 'machine certificate'
  const end = new Date(endOf(credential)).toISOString().slice(0, 10)
  if (leftMs > NODE_RENEW_MS / 2) return { name, state: 'ok', detail: `valid until ${end}` }
  if (leftMs > 0) {
    const remedy = 'It is renewed by a controller of the cloud: see that one is reached, with `cairn node ls`.'
    return { name, state: 'warn', detail: `ends on ${end}, and could not be renewed`, remedy }
  }
  const token = `cairn token create --role node --node ${node.name}`
  const remedy = `On a controller: ${token}; then here: cairn down, cairn join TOKEN.`
  return { name, state: 'fail', detail: `has ended on ${end}: no machine of the cloud lets this one in`, remedy }
}

function isDue({ clock }: World, { credential }: NodeFiles): boolean {
  return endOf(credential) - Number(clock.wallNs() / 1_000_000n) <= NODE_RENEW_MS
}

function endOf({ certificatePem }: NodeFiles['credential']): number {
  return Date.parse(new X509Certificate(certificatePem).validTo)
}

async function renewBy(parts: RenewalParts, files: NodeFiles, controller: string, signal: AbortSignal): Promise<void> {
  const { world, dataFolder, machines } = parts
  const { node, credential } = files
  // Loaded once a month: it is large.
  const { authorityFingerprint, newRequest } = await import('#identity')
  const csrPem = await newRequest(subjectOf({ name: node.name, isController: false }).name, credential.keyPem)
  const client = await machines.connect(controller, signal)
  const { certificatePem, authorityPem } = await client.call(clusterRenew, { csrPem }, signal)
  const isSigned = new X509Certificate(certificatePem).verify(new X509Certificate(authorityPem).publicKey)
  if (!isSigned || authorityFingerprint(authorityPem) !== node.cloud) {
    throw mainFault('CloudUnreachable', `what ${controller} answered is not of this cloud`)
  }
  await writeNodeFiles(world.disk, dataFolder, { node, credential: { ...credential, certificatePem, authorityPem } })
  await parts.changed()
  world.log.info('the certificate of this machine was renewed', { by: controller })
}
