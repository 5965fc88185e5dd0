import { beU64, type ByteString, readBeU64 } from '#base'
import type { Cookie, Ino } from './vfs.ts'

/** The one row that describes the filesystem: JSON, see `superblock.ts`. */
export const SUPERBLOCK_KEY = 'S'
/** The next inode number not handed out yet: u64. */
export const NEXT_INO_KEY = 'N'

/** `i{ino}` -> InodeRow. */
export const inodeKey = (ino: Ino): ByteString => `i${beU64(ino)}`
export const INODE_PREFIX = 'i'
export const inoOfInodeKey = (key: ByteString): number => readBeU64(key, 1)

/** `d{parent}{name}` -> EntryRow: a directory by name. */
export const entryKey = (parent: Ino, name: ByteString): ByteString => `d${beU64(parent)}${name}`
export const entryPrefix = (parent: Ino): ByteString => `d${beU64(parent)}`

/** `c{parent}{cookie}` -> ListRow + name: a directory in the order it is listed. */
export const listKey = (parent: Ino, cookie: Cookie): ByteString => `c${beU64(parent)}${beU64(cookie)}`
export const listPrefix = (parent: Ino): ByteString => `c${beU64(parent)}`
export const cookieOfListKey = (key: ByteString): Cookie => readBeU64(key, 9) as Cookie

/** `e{ino}{offset}` -> ExtentRow (+ inline bytes): content written since the last seal. */
export const extentKey = (ino: Ino, offset: number): ByteString => `e${beU64(ino)}${beU64(offset)}`
export const extentPrefix = (ino: Ino): ByteString => `e${beU64(ino)}`
export const offsetOfExtentKey = (key: ByteString): number => readBeU64(key, 9)

/** `x{ino}{name}` -> value: an extended attribute. */
export const xattrKey = (ino: Ino, name: ByteString): ByteString => `x${beU64(ino)}${name}`
export const xattrPrefix = (ino: Ino): ByteString => `x${beU64(ino)}`
export const nameOfXattrKey = (key: ByteString): ByteString => key.slice(9)

/** `o{ino}` -> empty: unlinked but perhaps still open. */
export const orphanKey = (ino: Ino): ByteString => `o${beU64(ino)}`
export const ORPHAN_PREFIX = 'o'

/** `u{ino}` -> empty: has overlay extents that wait to be sealed. */
export const unsealedKey = (ino: Ino): ByteString => `u${beU64(ino)}`
export const UNSEALED_PREFIX = 'u'

/** The inode number in an `o` or `u` key. */
export const inoOfMarkKey = (key: ByteString): number => readBeU64(key, 1)

/** `s{session}` -> ResultRow: what the session's last change answered, for a request that is sent again. */
export const resultKey = (session: number): ByteString => `s${beU64(session)}`

/** `q{id}` -> QuotaRow: limits and live usage of a quota root. `Q` -> the next id. */
export const quotaKey = (id: number): ByteString => `q${beU64(id)}`
export const QUOTA_PREFIX = 'q'
export const idOfQuotaKey = (key: ByteString): number => readBeU64(key, 1)
export const NEXT_QUOTA_KEY = 'Q'
