import { struct, u16, u32 } from '#base'

/**
 * POSIX access control lists in the layout of the `system.posix_acl_*` attributes (linux/posix_acl_xattr.h, version 2):
 * a u32 version, then entries of tag, permission bits and id, little endian.
 */
export interface AclEntry {
  readonly tag: number
  readonly perm: number
  readonly id: number
}

export const ACL_ACCESS = 'system.posix_acl_access'
export const ACL_DEFAULT = 'system.posix_acl_default'

const AclEntryRow = struct({ tag: u16, perm: u16, id: u32 })
const VERSION = 2
const HEADER_BYTES = 4
/** Whom an entry is about (linux/posix_acl.h). */
export const TAG = { USER_OBJ: 0x01, USER: 0x02, GROUP_OBJ: 0x04, GROUP: 0x08, MASK: 0x10, OTHER: 0x20 } as const
const { USER_OBJ, USER, GROUP_OBJ, GROUP, MASK, OTHER } = TAG
const ORDER: readonly number[] = [USER_OBJ, USER, GROUP_OBJ, GROUP, MASK, OTHER]

/** Decodes and checks a list; undefined when it is none the kernel would write. */
export function decodeAcl(bytes: Uint8Array): AclEntry[] | undefined {
  if (bytes.byteLength < HEADER_BYTES || (bytes.byteLength - HEADER_BYTES) % AclEntryRow.size !== 0) return undefined
  if (bytes[0] !== VERSION || bytes[1] !== 0 || bytes[2] !== 0 || bytes[3] !== 0) return undefined
  const entries: AclEntry[] = []
  for (let at = HEADER_BYTES; at < bytes.byteLength; at += AclEntryRow.size) entries.push(AclEntryRow.read(bytes, at))
  return isValid(entries) ? entries : undefined
}

export function encodeAcl(entries: readonly AclEntry[]): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + entries.length * AclEntryRow.size)
  bytes[0] = VERSION
  entries.forEach((entry, index) => AclEntryRow.write(bytes, entry, HEADER_BYTES + index * AclEntryRow.size))
  return bytes
}

/** True when the list says no more than nine mode bits do, so that it need not be stored. */
export function isMinimal(entries: readonly AclEntry[]): boolean {
  return entries.every(entry => entry.tag === USER_OBJ || entry.tag === GROUP_OBJ || entry.tag === OTHER)
}

/** The nine permission bits a list stands for. */
export function modeOfAcl(entries: readonly AclEntry[]): number {
  const user = permOf(entries, USER_OBJ) ?? 0
  const group = permOf(entries, MASK) ?? permOf(entries, GROUP_OBJ) ?? 0
  return (user << 6) | (group << 3) | (permOf(entries, OTHER) ?? 0)
}

/** The list after chmod(2) set these permission bits. */
export function aclWithMode(entries: readonly AclEntry[], mode: number): AclEntry[] {
  const groupTag = entries.some(entry => entry.tag === MASK) ? MASK : GROUP_OBJ
  const bits = new Map<number, number>([
    [USER_OBJ, (mode >> 6) & 7],
    [groupTag, (mode >> 3) & 7],
    [OTHER, mode & 7],
  ])
  return entries.map(entry => ({ ...entry, perm: bits.get(entry.tag) ?? entry.perm }))
}

/** What a new file gets from its directory's default list: its own list, and its permission bits. */
export function inheritAcl(
  defaults: readonly AclEntry[],
  mode: number,
): { readonly access: readonly AclEntry[]; readonly mode: number } {
  const access = aclWithMode(defaults, modeOfAcl(defaults) & mode)
  return { access, mode: (mode & ~0o777) | modeOfAcl(access) }
}

function permOf(entries: readonly AclEntry[], tag: number): number | undefined {
  return entries.find(entry => entry.tag === tag)?.perm
}

// posix_acl_valid() of the kernel: one of each single entry, sorted by tag, a mask wherever named entries are.
function isValid(entries: readonly AclEntry[]): boolean {
  const count = (tag: number): number => entries.filter(entry => entry.tag === tag).length
  const named = count(USER) + count(GROUP)
  const sorted = entries.every((entry, i) => i === 0 || place(entries[i - 1]) <= place(entry))
  const known = entries.every(entry => ORDER.includes(entry.tag) && entry.perm <= 7)
  const single = count(USER_OBJ) === 1 && count(GROUP_OBJ) === 1 && count(OTHER) === 1
  return sorted && known && single && count(MASK) <= 1 && (named === 0 || count(MASK) === 1)
}

function place(entry: AclEntry | undefined): number {
  return entry === undefined ? -1 : ORDER.indexOf(entry.tag)
}
