import { type ApiResource, type Client, clientFault } from '#client'
import { DELETE_FILES, type Json, type JsonObject, jsonAt, type KubeObject, listAt, numberAt, textAt } from '#schema'
import { FILESYSTEM_SECONDS_MAX } from '../limits.ts'

/** The kind of filesystems. */
export const FILESYSTEMS: ApiResource = {
  group: 'cairn.dev',
  version: 'v1',
  plural: 'filesystems',
  kind: 'Filesystem',
  isNamespaced: false,
}

/** The object of a filesystem. Faults: NotFound. */
export async function filesystemOf(client: Client, name: string, signal: AbortSignal): Promise<KubeObject> {
  const found = await client.find(FILESYSTEMS, { name }, signal)
  if (found !== undefined) return found
  throw clientFault('NotFound', `there is no filesystem ${name}`, { hint: '`cairn fs ls` lists them.' })
}

/**
 * Changes what a filesystem is to be, and waits until it is. When that is refused, as the condition says, all is as it was.
 * Faults: Conflict (why it is refused), NotFound, Unreachable, ServiceUnavailable (it takes too long).
 */
export async function changeFilesystem(
  client: Client,
  name: string,
  { spec, condition }: { readonly spec: JsonObject; readonly condition: 'Mounted' | 'Limited' },
  signal: AbortSignal,
): Promise<KubeObject> {
  const before = await filesystemOf(client, name, signal)
  const patch = (body: JsonObject) =>
    client.patch(FILESYSTEMS, { name }, { type: 'merge', body: { spec: body } }, signal)
  const wanted = await patch(spec)
  const { generation } = wanted.metadata
  for await (const object of statesOf(client, wanted, signal)) {
    if (object === 'gone') break
    if (numberAt(object, 'status', 'observedGeneration') !== generation) continue
    const told = listAt(object, 'status', 'conditions').find(each => textAt(each, 'type') === condition)
    if (told === undefined || textAt(told, 'status') === 'True') return object
    await patch(Object.fromEntries(Object.keys(spec).map(field => [field, fieldOf(before, field)])))
    throw clientFault('Conflict', textAt(told, 'message') ?? `the filesystem ${name} cannot be changed so`, {
      hint: 'Nothing was changed.',
    })
  }
  throw late(name, 'changed yet')
}

/**
 * Deletes a filesystem, with `withFiles` whatever is in it, and waits until it is gone. Faults: NotFound, Forbidden,
 * Unreachable, ServiceUnavailable (it takes too long).
 */
export async function deleteFilesystem(
  client: Client,
  name: string,
  { withFiles }: { readonly withFiles: boolean },
  signal: AbortSignal,
): Promise<void> {
  const { uid } = (await filesystemOf(client, name, signal)).metadata
  const mark = (value: string | null) => {
    const body = { metadata: { uid, annotations: { [DELETE_FILES]: value } } }
    return client.patch(FILESYSTEMS, { name }, { type: 'merge', body }, signal)
  }
  if (withFiles) await mark(name)
  const going = await client.delete(FILESYSTEMS, { name }, { uid }, signal).catch(async (error: unknown) => {
    if (withFiles) await mark(null).catch(() => undefined)
    throw error
  })
  if (going === undefined) return
  let why: string | undefined
  for await (const state of statesOf(client, going, signal)) {
    if (state === 'gone') return
    why = textAt(state, 'status', 'message') || why
  }
  throw late(name, why === undefined ? 'gone yet' : `gone yet: ${why}`)
}

/** An object as it is, and as it becomes, for a while. */
async function* statesOf(
  client: Client,
  object: KubeObject,
  signal: AbortSignal,
): AsyncGenerator<KubeObject | 'gone', void, undefined> {
  yield object
  const { name, uid, resourceVersion: after = '' } = object.metadata
  const wanted = { fields: `metadata.name=${name}`, after, seconds: FILESYSTEM_SECONDS_MAX }
  for await (const event of client.watch(FILESYSTEMS, wanted, signal)) {
    if (event.kind === 'bookmark' || event.object.metadata.uid !== uid) continue
    yield event.kind === 'deleted' ? 'gone' : event.object
  }
}

function fieldOf(object: KubeObject, field: string): Json {
  return jsonAt(object, 'spec', field) ?? null
}

function late(name: string, what: string): Error {
  return clientFault('ServiceUnavailable', `the filesystem ${name} is not ${what}`, {
    hint: `It will be by itself; see: kubectl describe filesystem ${name}`,
  })
}
