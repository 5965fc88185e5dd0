import { isFault } from '#base'
import type { CheckRow } from '#rpc'
import { hasNextMasterKey, readMasterKey } from '../../keys/master-key-file.ts'
import type { FollowedKeys } from './followed-keys.ts'
import type { RotationState } from './rotation.ts'

/** What is being done to the keys of the cloud, in words; undefined when nothing is. */
export function rotationText({ step, done, all, why }: RotationState): string | undefined {
  if (step === 'idle') return undefined
  if (step === 'sealing') return `sealing again: ${done} of ${all} values`
  return why === undefined ? 'a new key is being made known' : `waiting: ${why}`
}

/** A check of what is being done to the keys of the cloud. */
export function rotationChecks(state: RotationState): readonly CheckRow[] {
  const detail = rotationText(state)
  return detail === undefined ? [] : [{ name: 'change of keys', state: 'ok', detail }]
}

/** Whether the file of the master key would open everything at the next start. */
export async function masterCheck(keys: FollowedKeys, file: string, signal: AbortSignal): Promise<CheckRow> {
  const name = 'master key'
  const wanted = await keys.usualMaster(signal)
  const found = idIn(file)
  if (found !== wanted) {
    const remedy =
      'Show the words where the new one was made (`cairn key phrase`); here move the file away, then `cairn key restore`.'
    return { name, state: 'fail', detail: `${file} holds ${found}; the cloud has ${wanted}`, remedy }
  }
  if (!hasNextMasterKey(file)) return { name, state: 'ok', detail: `${wanted} in ${file}` }
  const remedy = 'Run it again: cairn key rotate --master'
  return { name, state: 'warn', detail: 'its replacement was cut off; the one before is good', remedy }
}

function idIn(file: string): string {
  try {
    return readMasterKey(file)?.id ?? 'none'
  } catch (error) {
    if (isFault(error, 'MasterKey')) return 'none that can be read'
    throw error
  }
}
