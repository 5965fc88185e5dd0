import {
  ACL_ACCESS,
  ACL_DEFAULT,
  ACL_TAG,
  type AclEntry,
  type AttributeChange,
  type Attributes,
  decodeAcl,
  encodeAcl,
  ERRNO,
  type Errno,
} from '#storage/fs'
import type { ByteString } from '#base'

/** A user or group of this machine, and who that is in the filesystem. */
export interface IdPair {
  readonly local: number
  readonly cloud: number
}

/** Each id is named once at most on each side, and 0 never: root is root, or nobody, by the filesystem's access. */
export interface IdPairs {
  readonly users: readonly IdPair[]
  readonly groups: readonly IdPair[]
}

/**
 * Who users and groups of this machine are in a filesystem. Who is not named has the same id on both sides, unless that is
 * somebody else's there: then nobody.
 */
export class IdMap {
  readonly #isNone: boolean
  readonly #users: Ids
  readonly #groups: Ids

  constructor({ users, groups }: IdPairs = { users: [], groups: [] }) {
    this.#isNone = users.length + groups.length === 0
    this.#users = new Ids(users)
    this.#groups = new Ids(groups)
  }

  /** Whoever asks, as the filesystem knows them. */
  user(uid: number): number {
    return this.#users.toCloud(uid) ?? NOBODY
  }

  /** As {@link user}. */
  group(gid: number): number {
    return this.#groups.toCloud(gid) ?? NOBODY
  }

  /** Attributes as programs here see them. */
  shown(attributes: Attributes): Attributes {
    if (this.#isNone) return attributes
    const uid = this.#users.toLocal(attributes.uid) ?? NOBODY
    return { ...attributes, uid, gid: this.#groups.toLocal(attributes.gid) ?? NOBODY }
  }

  /** A change that a program here asks for; EOVERFLOW when it names who has no id in the filesystem, as with idmapped mounts. */
  asked(change: AttributeChange): AttributeChange | Errno {
    if (this.#isNone) return change
    const uid = change.uid && this.#users.toCloud(change.uid)
    const gid = change.gid && this.#groups.toCloud(change.gid)
    if (uid === undefined && change.uid !== undefined) return ERRNO.EOVERFLOW
    return gid === undefined && change.gid !== undefined ? ERRNO.EOVERFLOW : { ...change, uid, gid }
  }

  /** The value of an extended attribute as programs here see it: ACLs name users and groups. */
  xattrShown(name: ByteString, value: Uint8Array): Uint8Array {
    return this.#withAcl(name, value, entry => this.#ids(entry)?.toLocal(entry.id) ?? NOBODY) ?? value
  }

  /** A value that a program here sets; EOVERFLOW as in {@link asked}. */
  xattrAsked(name: ByteString, value: Uint8Array): Uint8Array | Errno {
    let isUnknown = false
    const asked = this.#withAcl(name, value, entry => {
      const id = this.#ids(entry)?.toCloud(entry.id)
      isUnknown ||= id === undefined
      return id ?? NOBODY
    })
    return isUnknown ? ERRNO.EOVERFLOW : (asked ?? value)
  }

  #withAcl(name: ByteString, value: Uint8Array, idOf: (entry: AclEntry) => number): Uint8Array | undefined {
    if (this.#isNone || (name !== ACL_ACCESS && name !== ACL_DEFAULT)) return undefined
    const entries = decodeAcl(value)
    if (entries === undefined) return undefined
    return encodeAcl(entries.map(entry => (this.#ids(entry) === undefined ? entry : { ...entry, id: idOf(entry) })))
  }

  #ids({ tag }: AclEntry): Ids | undefined {
    if (tag === ACL_TAG.USER) return this.#users
    return tag === ACL_TAG.GROUP ? this.#groups : undefined
  }
}

/** Who has no id on the other side (kernel.overflowuid). */
const NOBODY = 65_534

class Ids {
  readonly #toCloud: ReadonlyMap<number, number>
  readonly #toLocal: ReadonlyMap<number, number>

  constructor(pairs: readonly IdPair[]) {
    this.#toCloud = new Map(pairs.map(({ local, cloud }) => [local, cloud]))
    this.#toLocal = new Map(pairs.map(({ local, cloud }) => [cloud, local]))
  }

  toCloud(local: number): number | undefined {
    return this.#toCloud.get(local) ?? (this.#toLocal.has(local) ? undefined : local)
  }

  toLocal(cloud: number): number | undefined {
    return this.#toLocal.get(cloud) ?? (this.#toCloud.has(cloud) ? undefined : cloud)
  }
}
