import type { ByteString } from '#base'
import {
  answerDownload,
  answerUnary,
  type Handler,
  message,
  type SnapshotRow,
  snapshotCreate,
  snapshotDiff,
  snapshotList,
  snapshotRemove,
  snapshotRestore,
  TOLD_PATH_MAX,
} from '#rpc'
import { type Snapshot, snapshotCid } from '#storage/fs'
import type { Claims } from '../paths/claims.ts'
import { restoreInPlace } from '../paths/restore.ts'
import { atHome } from './at.ts'
import type { Parts } from './parts.ts'

/** Methods about snapshots. */
export function snapshotMethods(parts: Parts, claims: Claims): readonly Handler[] {
  const of = (name: string) => parts.filesystems.get(name).filesystem.snapshots
  return [
    answerUnary(snapshotCreate, async ({ filesystem, name }, { signal }) => {
      const made = await of(filesystem).create(name, signal)
      await parts.sessions.told(filesystem)
      return message(rowOf(made))
    }),
    answerDownload(snapshotList, async function* ({ filesystem }) {
      for (const snapshot of of(filesystem).list()) yield message(rowOf(snapshot))
      return message(undefined)
    }),
    answerUnary(snapshotRemove, async ({ filesystem, name }, { signal }) => {
      await of(filesystem).remove(name, signal)
      await parts.sessions.told(filesystem)
      return message(undefined)
    }),
    answerUnary(snapshotRestore, async ({ place, name }, { signal }) => {
      const { changed, path } = atHome(parts, place)
      const { filesystem } = place
      // One at a time: places may overlap by way of symlinks, or one be inside another.
      using _claim = await claims.take(`restore ${filesystem}`, `another restore runs in ${filesystem}`, signal)
      const restored = await restoreInPlace(changed, { snapshot: name, path }, signal)
      await parts.sessions.told(filesystem)
      return message({ restored })
    }),
    answerDownload(snapshotDiff, async function* ({ filesystem, from, to }, { signal }) {
      for await (const { path, kind, change } of of(filesystem).diff({ from, to }, signal)) {
        yield message({ path: told(`/${path}`), kind, change })
      }
      return message(undefined)
    }),
  ]
}

function told(path: ByteString): ByteString {
  return path.length <= TOLD_PATH_MAX ? path : `${path.slice(0, TOLD_PATH_MAX - 3)}...`
}

function rowOf(snapshot: Snapshot): SnapshotRow {
  return { name: snapshot.name, createdNs: snapshot.createdNs, root: snapshotCid(snapshot) }
}
