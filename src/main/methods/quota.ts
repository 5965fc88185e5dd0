import { answerDownload, answerUnary, type Handler, message, type Place, quotaList, quotaRemove, quotaSet } from '#rpc'
import { ERRNO, type Filesystem, type Ino, type Quota } from '#storage/fs'
import { textOf } from '#base'
import { mainFault } from '../faults.ts'
import { done } from '../paths/answer.ts'
import { find } from '../paths/resolve.ts'
import { heldText } from './held.ts'
import type { Parts } from './parts.ts'

/** Methods about quotas. */
export function quotaMethods({ filesystems }: Parts): readonly Handler[] {
  const at = async ({ filesystem: name, path }: Place): Promise<{ filesystem: Filesystem; ino: Ino }> => {
    const { filesystem } = filesystems.get(name)
    return { filesystem, ino: (await find(filesystem.vfs, path, 'all')).ino }
  }
  return [
    answerUnary(quotaSet, async ({ place, bytesMax, inodesMax }) => {
      const { filesystem, ino } = await at(place)
      const answer = await filesystem.quotas.set(ino, { bytesMax, inodesMax })
      if (answer === ERRNO.ENOTEMPTY) {
        throw mainFault('NotEmpty', `${textOf(place.path)} has files already, which a quota would not count`, {
          hint: 'Set the quota on an empty directory, then copy the files into it.',
        })
      }
      if (answer === ERRNO.EDQUOT) throw belowUse(place.filesystem, await done(filesystem.quotas.whole(), place.path))
      await done(answer, place.path)
      return message(undefined)
    }),
    answerUnary(quotaRemove, async ({ place }) => {
      const { filesystem, ino } = await at(place)
      const answer = await filesystem.quotas.remove(ino)
      if (answer === ERRNO.ENODATA) {
        throw mainFault('NotFound', `${textOf(place.path)} has no quota of its own`, {
          hint: '`cairn fs quota ls` lists the directories that have one.',
        })
      }
      await done(answer, place.path)
      return message(undefined)
    }),
    answerDownload(quotaList, async function* ({ filesystem }) {
      const quotas = await done(filesystems.get(filesystem).filesystem.quotas.list(), '/')
      for (const { path, bytesUsed, inodesUsed, bytesMax, inodesMax } of quotas) {
        yield message({ path, bytesUsed, inodesUsed, bytesMax, inodesMax })
      }
      return message(undefined)
    }),
  ]
}

function belowUse(name: string, whole: Quota): Error {
  return mainFault('BelowUse', `${name} holds ${heldText(whole)}, more than the limit would be`, {
    hint: 'Remove files first, or set a higher limit. The limit before stays.',
  })
}
