import type { ByteString } from '#base'
import {
  type AttributeChange,
  type Attributes,
  type Caller,
  type DirectoryPlace,
  ERRNO,
  type Ino,
  isErrno,
  type NewNode,
  type RenameMode,
  type UsedFilesystem,
  type Vfs,
} from '#storage/fs'
import { done } from './answer.ts'

/** Changes of one filesystem through the local door. Kernels that have it mounted are told what became stale. */
export interface Changes {
  readonly vfs: Vfs
  make(place: DirectoryPlace, node: NewNode, path: ByteString): Promise<Attributes>
  set(ino: Ino, change: AttributeChange, path: ByteString): Promise<Attributes>
  /** Gives it to somebody else; undefined where that is refused, because root of this machine is nobody there. */
  give(ino: Ino, owner: Pick<AttributeChange, 'uid' | 'gid'>, path: ByteString): Promise<Attributes | undefined>
  link(ino: Ino, place: DirectoryPlace, path: ByteString): Promise<void>
  remove(place: DirectoryPlace, what: 'file' | 'directory', path: ByteString): Promise<void>
  rename(from: DirectoryPlace, to: DirectoryPlace, path: ByteString, mode?: RenameMode): Promise<void>
  write(ino: Ino, offset: number, bytes: Uint8Array, path: ByteString): Promise<void>
}

/** A filesystem that is changed, and whether a kernel may hold one of its inodes. */
export interface Changed {
  readonly filesystem: UsedFilesystem
  readonly mayHold: (ino: Ino) => boolean
}

/** The changes of a filesystem. Faults of all: as the filesystem answers, see `answer.ts`. */
export function changesOf({ filesystem, mayHold }: Changed): Changes {
  const { vfs } = filesystem
  const staleInode = (ino: Ino) => filesystem.invalidate({ kind: 'inode', ino })
  const stalePlace = (place: DirectoryPlace) => {
    filesystem.invalidate({ kind: 'entry', ...place })
    staleInode(place.parent)
  }
  // A kernel that holds an unlinked file forgets it at the end, and it goes then; of others nobody would say so.
  const unlinking = async (place: DirectoryPlace, unlink: () => Promise<void>) => {
    const before = await vfs.lookup(place.parent, place.name)
    await unlink()
    const left = isErrno(before) ? before : await vfs.attributes(before.ino)
    if (!isErrno(left) && left.nlink === 0 && !mayHold(left.ino)) vfs.forget(left.ino)
  }
  return {
    vfs,
    async make(place, node, path) {
      const made = await done(vfs.make(place.parent, place.name, node, OWNER), path)
      stalePlace(place)
      return made
    },
    async set(ino, change, path) {
      const changed = await done(vfs.setAttributes(ino, change, OWNER), path)
      staleInode(ino)
      return changed
    },
    async give(ino, owner, path) {
      const given = await vfs.setAttributes(ino, owner, OWNER)
      if (given === ERRNO.EPERM) return undefined
      staleInode(ino)
      return done(given, path)
    },
    async link(ino, place, path) {
      await done(vfs.link(ino, place.parent, place.name), path)
      stalePlace(place)
      staleInode(ino)
    },
    async remove(place, what, path) {
      await unlinking(place, () => done(vfs.remove(place.parent, place.name, what), path))
      stalePlace(place)
    },
    async rename(from, to, path, mode = 'replace') {
      await unlinking(to, () => done(vfs.rename(from, to, mode), path))
      stalePlace(from)
      stalePlace(to)
    },
    async write(ino, offset, bytes, path) {
      await done(vfs.write(ino, offset, bytes, { append: false, killPrivileges: false }), path)
      staleInode(ino)
    },
  }
}

// Whoever may open the local door owns the data; the owner wanted of a file is set behind its making.
/** Who the local door acts as. */
export const OWNER: Caller = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0, umask: 0 }
