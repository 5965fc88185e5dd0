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
export const EXTENT_PREFIX = 'e'
export const extentPrefix = (ino: Ino): ByteString => `e${beU64(ino)}`
export const inoOfExtentKey = (key: ByteString): number => readBeU64(key, 1)
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

/** `p{ino}{parent}{cookie}` -> empty: a place of a file that has had more than one name. */
export const placeKey = (ino: Ino, place: { readonly parent: number; readonly cookie: number }): ByteString =>
  `p${beU64(ino)}${beU64(place.parent)}${beU64(place.cookie)}`
export const placePrefix = (ino: Ino): ByteString => `p${beU64(ino)}`
export const placeOfKey = (key: ByteString): { readonly parent: number; readonly cookie: Cookie } => ({
  parent: readBeU64(key, 9),
  cookie: readBeU64(key, 17) as Cookie,
})

/** `T` -> empty: a manifest was made once, so changes are marked from then on. */
export const TRACKING_KEY = 'T'
/** `m{dir}` -> ManifestRow: the manifest of a directory as it was when its marks were last cleared. */
export const manifestKey = (dir: Ino): ByteString => `m${beU64(dir)}`
export const MANIFEST_PREFIX = 'm'
/** `y{dir}{name}` -> 0 or 1: changed since; no name: the directory's own metadata, with 1 all of it. */
export const markKey = (dir: Ino, name: ByteString): ByteString => `y${beU64(dir)}${name}`
export const MARK_PREFIX = 'y'
export const nameOfMarkKey = (key: ByteString): ByteString => key.slice(9)
/** `n{name}` -> SnapshotRow, JSON: a snapshot. */
export const snapshotKey = (name: string): ByteString => `n${name}`
export const SNAPSHOT_PREFIX = 'n'
/** `L` -> id of the last snapshot made: u64. */
export const LAST_SNAPSHOT_KEY = 'L'

/** The inode number in an `o`, `u`, `m` or `y` key. */
export const inoOfMarkKey = (key: ByteString): number => readBeU64(key, 1)

/** `s{session}` -> ResultRow: what the session's last change answered, for a request that is sent again. */
export const resultKey = (session: number): ByteString => `s${beU64(session)}`

/** `q{id}` -> QuotaRow: limits and live usage of a quota root, or with id 0 of all. `Q` -> the next id. */
export const quotaKey = (id: number): ByteString => `q${beU64(id)}`
export const QUOTA_PREFIX = 'q'
export const idOfQuotaKey = (key: ByteString): number => readBeU64(key, 1)
export const NEXT_QUOTA_KEY = 'Q'

/** `a` -> AccessRules, JSON: which machines may use the filesystem. */
export const ACCESS_KEY = 'a'

/** `k{session}` -> SessionRow, JSON: a session of another machine. */
export const sessionKey = (session: number): ByteString => `k${beU64(session)}`
export const SESSION_PREFIX = 'k'
export const sessionOfKey = (key: ByteString): number => readBeU64(key, 1)
