import os from 'node:os'
import { MasterKey } from '#identity'
import { masterKeyFileOf } from '#rpc'
import { isFault } from '#base'
import { mainFault } from '../faults.ts'
import { readMasterKey, writeMasterKey } from './master-key-file.ts'

/** The master key of this machine's user as people keep it. */
export interface KeyPhrases {
  /** Its 24 words, for whoever may read the key itself. Faults: MasterKey. */
  show(): Promise<{ readonly file: string; readonly id: string; readonly phrase: string }>
  /** Writes the key that the words stand for; one that is there stays. Faults: MasterKey. */
  restore(phrase: string): Promise<{ readonly file: string; readonly id: string }>
}

export const keyPhrases: KeyPhrases = {
  async show() {
    const file = fileHere()
    const key = readMasterKey(file)
    if (key !== undefined) return { file, id: key.id, phrase: await key.phrase() }
    throw mainFault('MasterKey', `there is no master key ${file}`, {
      hint: 'It is made by the first `cairn up`, or from its recovery phrase by `cairn key restore`.',
    })
  },
  async restore(phrase) {
    const file = fileHere()
    const key = await read(phrase)
    const there = writeMasterKey(file, key) ? key : readMasterKey(file)
    if (there?.is(key) === true) return { file, id: key.id }
    throw mainFault('MasterKey', `${file} holds another master key (${there?.id ?? '?'}; the words are of ${key.id})`, {
      hint: `Move it away first, or write to another file: CAIRN_MASTER_KEY=FILE cairn key restore`,
    })
  },
}

async function read(phrase: string): Promise<MasterKey> {
  try {
    return await MasterKey.ofPhrase(phrase)
  } catch (error) {
    if (!isFault(error, 'MasterKey')) throw error
    throw mainFault('MasterKey', error.message, {
      hint: 'Check the words and their order, then try again.',
      cause: error,
    })
  }
}

function fileHere(): string {
  return masterKeyFileOf({ env: process.env, isRoot: process.geteuid?.() === 0, home: os.homedir() })
}
