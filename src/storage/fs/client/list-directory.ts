import { andThen } from '#base'
import { ERRNO, isErrno } from '../errno.ts'
import { ROOT_INO } from '../inode.ts'
import { LIST_BATCH } from '../limits.ts'
import type { HomeLink } from '../operation.ts'
import type { Answer, Attributes, Cookie, Ino, ListOptions, Reply } from '../vfs.ts'

/** A home, and how its attributes look with what is only here. */
export interface Listed {
  readonly call: HomeLink['call']
  readonly overlaid: (attributes: Attributes) => Attributes
}

/** Hands the entries of a directory behind a place to whoever asks, from `.` on, as long as they are taken. */
export function listDirectory(listed: Listed, ino: Ino, after: Cookie, options: ListOptions): Reply<void> {
  if (after >= DOT_DOT) return listNames(listed, ino, after, options)
  return andThen(listDots(listed, ino, after, options), more =>
    more === true ? listNames(listed, ino, DOT_DOT, options) : more === false ? undefined : more,
  )
}

/** True for a place before the first name. */
export function isBeginning(after: Cookie): boolean {
  return after < DOT_DOT
}

function listDots({ call }: Listed, ino: Ino, after: Cookie, options: ListOptions): Reply<boolean> {
  return andThen(call('lookup', { parent: ino, name: '..' }), (parent): Answer<boolean> => {
    if (isErrno(parent) && parent !== ERRNO.ENOENT) return parent
    const above = isErrno(parent) ? ROOT_INO : parent.ino
    const dots = [
      { name: '.', ino, kind: 'directory', cookie: DOT, attributes: undefined },
      { name: '..', ino: above, kind: 'directory', cookie: DOT_DOT, attributes: undefined },
    ] as const
    return dots.filter(dot => dot.cookie > after).every(dot => options.take(dot))
  })
}

function listNames(listed: Listed, ino: Ino, after: Cookie, options: ListOptions): Reply<void> {
  const page = listed.call('list', { ino, after, limit: LIST_BATCH })
  return andThen(page, entries => {
    if (isErrno(entries)) return entries
    for (const entry of entries) {
      const attributes = entry.attributes === undefined ? undefined : listed.overlaid(entry.attributes)
      if (!options.take({ ...entry, attributes })) return undefined
    }
    const last = entries.at(-1)
    return last === undefined || entries.length < LIST_BATCH ? undefined : listNames(listed, ino, last.cookie, options)
  })
}

const [DOT, DOT_DOT] = [1 as Cookie, 2 as Cookie]
