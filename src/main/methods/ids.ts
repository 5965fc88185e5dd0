import { answerUnary, filesystemIds, type Handler, message } from '#rpc'
import type { IdPair } from '#storage/fuse'
import { mainFault } from '../faults.ts'
import type { Parts } from './parts.ts'

/** Who users and groups of this machine are in a filesystem. */
export function idMethods({ filesystems, sessions }: Pick<Parts, 'filesystems' | 'sessions'>): Handler[] {
  return [
    answerUnary(filesystemIds, async ({ filesystem, to }) => {
      filesystems.use(filesystem)
      if (to !== undefined) {
        checkPairs('users', to.users)
        checkPairs('groups', to.groups)
        await sessions.mapIds(filesystem, to)
      }
      const { users, groups } = sessions.idsOf(filesystem)
      return message({ users: [...users], groups: [...groups] })
    }),
  ]
}

function checkPairs(field: string, pairs: readonly IdPair[]): void {
  for (const side of ['local', 'cloud'] as const) {
    const seen = new Set<number>()
    for (const { [side]: id } of pairs) {
      if (id === 0) throw rootIsNot(field)
      if (seen.has(id)) throw twice(`${field}: ${id} is named twice`)
      seen.add(id)
    }
  }
}

function rootIsNot(field: string): Error {
  return mainFault('Invalid', `${field}: 0 cannot be mapped`, {
    hint: 'Root is root, or nobody: `cairn fs access --root-squash on|off` says which.',
  })
}

function twice(what: string): Error {
  return mainFault('Invalid', what, { hint: 'Each id has one on the other side. Begin anew with --clear.' })
}
