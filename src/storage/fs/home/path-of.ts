import type { ByteString } from '#base'
import { ROOT_INO } from '../inode.ts'
import type { Ino } from '../vfs.ts'
import type { Tables } from './tables.ts'

/** The path of a directory now. */
export function pathOf(tables: Tables, directory: Ino): ByteString {
  const names: ByteString[] = []
  for (let ino = directory; ino !== ROOT_INO; ) {
    const inode = tables.inode(ino)
    const place = inode && tables.marks.above(inode)
    if (place === undefined) break
    names.unshift(place.name)
    ino = place.parent
  }
  return `/${names.join('/')}`
}
