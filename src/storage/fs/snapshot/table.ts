import { type ByteString, byteStringOfText, digestHex, digestOf, textOf } from '#base'
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

/** Snapshots ids wrap behind this one. */
export const SNAPSHOT_ID_MAX = 2 ** 18 - 1

/** The snapshots of a filesystem: JSON v1 under `n{name}`. */
export class SnapshotTable {
  readonly #keyspace: LocalKeyspace

  constructor(keyspace: LocalKeyspace) {
    this.#keyspace = keyspace
  }

  list(): readonly Snapshot[] {
    const { entries } = this.#keyspace.rangeNow({ keys: { kind: 'prefix', prefix: keys.SNAPSHOT_PREFIX } })
    return entries.map(row => decode(textOf(row.key.slice(1)), row.value))
  }

  find(name: ByteString): Snapshot | undefined {
    if (name.length === 0 || name.length > SNAPSHOT_NAME_BYTES_MAX) return undefined
    const row = this.#keyspace.get(keys.snapshotKey(name))
    return row === undefined ? undefined : decode(textOf(name), row.value)
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
    if (this.list().length < SNAPSHOTS_MAX) return
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
    this.#keyspace.commit({ then: [{ kind: 'put', key: keys.snapshotKey(byteStringOfText(name)), value }] })
    return snapshot
  }

  /** Fault: SnapshotNotFound. */
  remove(name: string): void {
    this.get(name)
    const key = keys.snapshotKey(byteStringOfText(name))
    this.#keyspace.commit({ then: [{ kind: 'delete', keys: { kind: 'key', key } }] })
  }

  // The number after the last snapshot's, so that a removed one's is not taken again soon.
  #newId(): number {
    const snapshots = this.list()
    const taken = new Set(snapshots.map(snapshot => snapshot.id))
    const last = snapshots.reduce((a, b) => (a === undefined || b.revision > a.revision ? b : a), snapshots[0])
    let id = last?.id ?? 0
    do id = (id % SNAPSHOT_ID_MAX) + 1
    while (taken.has(id))
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
