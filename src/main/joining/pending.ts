import type { Disk } from '#base'
import { nodeFolderOf, readSmallFile, replaceSmallFile } from '#cluster'
import { newKey } from '#identity'
import { exactly, shape, text } from '#rpc'

const pendingShape = shape({
  version: exactly(1),
  /** The id of the token it is shown with, and the name that is asked for. */
  token: text(6),
  name: text(253),
  keyPem: text(16_384),
})

/** What a key is asked in with. */
export interface Wanted {
  readonly token: string
  readonly name: string
}

/**
 * The key to be asked in with, on disk before anybody sees it: that of an earlier try with this token, which may have used it up
 * without the answer having come, or a new one.
 */
export async function pendingKey(disk: Disk, dataFolder: string, { token, name }: Wanted): Promise<string> {
  const kept = keptIn(readSmallFile(disk, fileOf(dataFolder)))
  if (kept?.token === token && kept.name === name) return kept.keyPem
  const keyPem = await newKey()
  await replaceSmallFile(disk, fileOf(dataFolder), `${JSON.stringify({ version: 1, token, name, keyPem })}\n`)
  return keyPem
}

/** The machine is in: the key lies where it belongs. */
export function forgetPending(disk: Disk, dataFolder: string): void {
  disk.remove(fileOf(dataFolder))
}

function fileOf(dataFolder: string): string {
  return `${nodeFolderOf(dataFolder)}/joining.json`
}

// One that cannot be read is of a try that ended while it was written: before anything was asked.
function keptIn(json: string | undefined) {
  try {
    return json === undefined ? undefined : pendingShape(JSON.parse(json), '')
  } catch {
    return undefined
  }
}
