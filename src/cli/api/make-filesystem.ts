import { isFault } from '#base'
import { type Client, clientFault } from '#client'
import { type KubeObject, textAt } from '#schema'
import { FILESYSTEM_SECONDS_MAX } from '../limits.ts'
import { FILESYSTEMS } from './filesystems.ts'

/**
 * Makes a filesystem by its object, and waits until it can be used. One that cannot be made leaves no object. Faults: Invalid,
 * AlreadyExists, Unreachable, ServiceUnavailable (it takes too long), those of the client.
 */
export async function makeFilesystem(client: Client, name: string, signal: AbortSignal): Promise<void> {
  const object = { apiVersion: 'cairn.dev/v1', kind: 'Filesystem', metadata: { name }, spec: {} }
  const made = await client.create(FILESYSTEMS, object, signal).catch((error: unknown) => refuse(error, name))
  const { uid, resourceVersion: after = '' } = made.metadata
  const wanted = { fields: `metadata.name=${name}`, after, seconds: FILESYSTEM_SECONDS_MAX }
  for await (const event of client.watch(FILESYSTEMS, wanted, signal)) {
    if (event.kind === 'bookmark' || event.object.metadata.uid !== uid) continue
    if (event.kind === 'deleted') throw clientFault('NotFound', `the filesystem ${name} was deleted meanwhile`)
    if (textAt(event.object, 'status', 'phase') === 'Ready') return
    if (textAt(event.object, 'status', 'phase') === 'Failed') await giveUp(client, event.object, signal)
  }
  throw clientFault('ServiceUnavailable', `the filesystem ${name} is wanted, but not there yet`, {
    hint: 'Storage may be starting: see `cairn status`, then `kubectl get filesystems`.',
  })
}

async function giveUp(client: Client, { metadata, ...object }: KubeObject, signal: AbortSignal): Promise<never> {
  const { name, uid } = metadata
  await client.delete(FILESYSTEMS, { name }, { uid }, signal).catch(() => undefined)
  throw clientFault('Invalid', textAt(object, 'status', 'message') ?? `the filesystem ${name} cannot be made`)
}

function refuse(error: unknown, name: string): never {
  if (isFault(error, 'AlreadyExists')) {
    throw clientFault('AlreadyExists', `there is a filesystem ${name} already`, {
      hint: `Use it (\`cairn ls ${name}:/\`, \`cairn fs mount ${name} FOLDER\`), or choose another name.`,
      cause: error,
    })
  }
  if (!isFault(error, 'Invalid')) throw error
  throw clientFault('Invalid', `name: "${name}" cannot name a filesystem`, {
    hint: 'Use lower-case letters, digits and inner dashes, at most 63, such as "photos-2024".',
    cause: error,
  })
}
