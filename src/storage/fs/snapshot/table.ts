import {
  beU64,
  byteString,
  type ByteString,
  byteStringOfText,
  bytesOf,
  digestHex,
  digestOf,
  readBeU64,
  textOf,
} from '#base'
import type { LocalKeyspace, Revision } from '#keyspace'
import * as keys from '../keys.ts'
import { snapshotFault } from './faults.ts'
import { SNAPSHOT_NAME_BYTES_MAX, SNAPSHOTS_MAX } from './limits.ts'
import type { NodeRef } from './marks.ts'

/** A snapshot: the whole filesystem as it was at one revision. */
export interface Snapshot {
  readonly name: string
  readonly createdNs: bigint
  readonly revision: Revision
  /** Its manifest: everything follows from this hash. */
  readonly root: NodeRef
  /** Tells inode numbers of snapshots apart: 1 and up, of one snapshot at a time. */
  readonly id: number
}

/** The snapshots of a filesystem, as they are looked up. */
export interface SnapshotList {
  /** Oldest first. */
  list(): readonly Snapshot[]
  find(name: ByteString): Snapshot | undefined
  byId(id: number): Snapshot | undefined
}

/** Ids of snapshots wrap behind this one. */
export const SNAPSHOT_ID_MAX = 2 ** 14 - 1

/** The snapshots of a filesystem: JSON v1 under `n{name}`, all in memory. */
export class SnapshotTable implements SnapshotList {
  readonly #keyspace: LocalKeyspace
  readonly #byName = new Map<ByteString, Snapshot>()
  readonly #byId = new Map<number, Snapshot>()

  constructor(keyspace: LocalKeyspace) {
    this.#keyspace = keyspace
    const { entries } = keyspace.rangeNow({ keys: { kind: 'prefix', prefix: keys.SNAPSHOT_PREFIX } })
    for (const { key, value } of entries) this.#remember(decode(textOf(key.slice(1)), value))
  }

  /** Oldest first. */
  list(): readonly Snapshot[] {
    return [...this.#byName.values()].sort((a, b) => a.revision - b.revision)
  }

  find(name: ByteString): Snapshot | undefined {
    return this.#byName.get(name)
  }

  byId(id: number): Snapshot | undefined {
    return this.#byId.get(id)
  }

  /** Fault: SnapshotNotFound. */
  get(name: string): Snapshot {
    const snapshot = this.find(byteStringOfText(name))
    if (snapshot !== undefined) return snapshot
    throw snapshotFault('SnapshotNotFound', `there is no snapshot ${JSON.stringify(name)}`, {
      hint: 'List the snapshots of the filesystem for their names.',
    })
  }

  /** Faults: NameInvalid, SnapshotExists, TooManySnapshots. */
  checkNew(name: string): void {
    const bytes = byteStringOfText(name)
    const isName = bytes.length > 0 && bytes.length <= SNAPSHOT_NAME_BYTES_MAX && !/[/\0]/.test(name)
    if (!isName || name === '.' || name === '..') {
      throw snapshotFault('NameInvalid', `name: ${JSON.stringify(name)} cannot name a snapshot`, {
        hint: 'Use 1 to 255 bytes without / and NUL, and neither . nor .. alone.',
      })
    }
    if (this.find(bytes) !== undefined) {
      throw snapshotFault('SnapshotExists', `name: a snapshot ${JSON.stringify(name)} exists`, {
        hint: 'Choose another name, or remove that snapshot first.',
      })
    }
    if (this.#byName.size < SNAPSHOTS_MAX) return
    throw snapshotFault('TooManySnapshots', `the filesystem has ${SNAPSHOTS_MAX} snapshots, which is the most`, {
      hint: 'Remove snapshots that are no longer wanted.',
    })
  }

  /** Records a snapshot as one revision. Faults: as {@link checkNew}. */
  add(name: string, about: Omit<Snapshot, 'name' | 'id'>): Snapshot {
    this.checkNew(name)
    const snapshot: Snapshot = { ...about, name, id: this.#newId() }
    const row = {
      version: 1,
      id: snapshot.id,
      root: digestHex(snapshot.root.digest),
      rootBytes: snapshot.root.bytes,
      createdNs: String(snapshot.createdNs),
      revision: snapshot.revision,
    }
    const value = Buffer.from(JSON.stringify(row))
    this.#keyspace.commit({
      then: [
        { kind: 'put', key: keys.snapshotKey(byteStringOfText(name)), value },
        { kind: 'put', key: keys.LAST_SNAPSHOT_KEY, value: bytesOf(beU64(snapshot.id)) },
      ],
    })
    this.#remember(snapshot)
    return snapshot
  }

  /** Fault: SnapshotNotFound. */
  remove(name: string): void {
    const { id } = this.get(name)
    const key = keys.snapshotKey(byteStringOfText(name))
    this.#keyspace.commit({ then: [{ kind: 'delete', keys: { kind: 'key', key } }] })
    this.#byName.delete(byteStringOfText(name))
    this.#byId.delete(id)
  }

  #remember(snapshot: Snapshot): void {
    this.#byName.set(byteStringOfText(snapshot.name), snapshot)
    this.#byId.set(snapshot.id, snapshot)
  }

  // The one after the last: kernels may still hold inode numbers of a snapshot that was removed.
  #newId(): number {
    const row = this.#keyspace.get(keys.LAST_SNAPSHOT_KEY)
    let id = row === undefined ? 0 : readBeU64(byteString(row.value))
    do id = (id % SNAPSHOT_ID_MAX) + 1
    while (this.#byId.has(id))
    return id
  }
}

interface SnapshotRow {
  readonly version: number
  readonly id: number
  readonly root: string
  readonly rootBytes: number
  readonly createdNs: string
  readonly revision: Revision
}

function decode(name: string, value: Uint8Array): Snapshot {
  const row: SnapshotRow = JSON.parse(Buffer.from(value).toString())
  if (row.version !== 1) {
    throw snapshotFault(
      'ManifestInvalid',
      `snapshot ${JSON.stringify(name)} has format ${row.version}, this cairn knows 1`,
      {
        hint: 'Start the newer version of cairn that wrote it.',
      },
    )
  }
  const root = { digest: digestOf(Buffer.from(row.root, 'hex')), bytes: row.rootBytes }
  return { name, id: row.id, createdNs: BigInt(row.createdNs), revision: row.revision, root }
}
