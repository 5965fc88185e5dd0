import { apiFault, type DeleteGuard } from '#api'
import { isFault } from '#base'
import type { Storage } from '#controllers'
import { bytesText, DEFAULT_POOL, deletesFiles, type KubeObject, mayDeleteFiles } from '#schema'

/**
 * Refuses that a Filesystem is deleted with files or snapshots in it, unless its object says that they may go, and `home`
 * and the pool `default` always: how many copies are wanted would be forgotten with it. Storage is asked at that moment. Faults: Forbidden, ServiceUnavailable (storage does not answer).
 */
export function keepFilesystems(storage: Pick<Storage, 'status'>): DeleteGuard {
  return async ({ group, plural }, find, signal) => {
    if (group !== 'cairn.dev' || (plural !== 'filesystems' && plural !== 'pools')) return
    const object = await find()
    if (object === undefined || object.metadata.deletionTimestamp !== undefined) return
    const { name } = object.metadata
    if (plural === 'pools') {
      if (name === DEFAULT_POOL)
        throw refusal('pools', name, 'every Cairn keeps its content in it. Change its spec instead')
      return
    }
    if (name === 'home') throw refusal(plural, name, 'every Cairn has it. Remove the files in it instead')
    if (mayDeleteFiles(object)) return
    const what = await contentOf(storage, object, signal)
    if (what !== undefined) throw refusal(plural, name, `it holds ${what}. ${deletesFiles(name)}`)
  }
}

async function contentOf(
  storage: Pick<Storage, 'status'>,
  { metadata: { name } }: KubeObject,
  signal: AbortSignal,
): Promise<string | undefined> {
  const row = (await statusOf(storage, name, signal)).filesystems.find(each => each.name === name)
  const { inodesUsed = 0, bytesUsed = 0, snapshots = 0 } = row ?? {}
  const files = `${inodesUsed} ${inodesUsed === 1 ? 'file' : 'files and directories'}, ${bytesText(bytesUsed) ?? '0'}`
  const held = [
    ...(inodesUsed === 0 ? [] : [files]),
    ...(snapshots === 0 ? [] : [snapshots === 1 ? '1 snapshot' : `${snapshots} snapshots`]),
  ]
  return held.length === 0 ? undefined : held.join(' and ')
}

async function statusOf(storage: Pick<Storage, 'status'>, name: string, signal: AbortSignal) {
  try {
    return await storage.status(signal)
  } catch (error) {
    if (!isFault(error) || signal.aborted) throw error
    const message = `storage does not answer, so nobody knows whether filesystem ${name} is empty: try again in a moment`
    throw apiFault('ServiceUnavailable', message, { cause: error })
  }
}

function refusal(plural: string, name: string, why: string): Error {
  return apiFault('Forbidden', `${plural}.cairn.dev "${name}" is forbidden: ${why}`)
}
