import type { Place } from '#rpc'
import type { Ino } from '#storage/fs'
import { changesOf } from '../paths/changes.ts'
import type { Parts } from './parts.ts'

/** What a method needs of the place it was given: the filesystem, how it is changed, and the path. Faults: NotFound, HomeUnreachable. */
export function at({ filesystems, sessions }: Parts, { filesystem: name, path }: Place) {
  const filesystem = filesystems.use(name)
  const changed = { filesystem, mayHold: (ino: Ino) => sessions.mayHold(name, ino) }
  return { filesystem, vfs: filesystem.vfs, changed, changes: changesOf(changed), path }
}

/** As {@link at}, for what is done where the filesystem lives. Faults: NotFound, HomeElsewhere. */
export function atHome({ filesystems, sessions }: Parts, { filesystem: name, path }: Place) {
  const { filesystem } = filesystems.get(name)
  const changed = { filesystem, mayHold: (ino: Ino) => sessions.mayHold(name, ino) }
  return { filesystem, changed, path }
}
