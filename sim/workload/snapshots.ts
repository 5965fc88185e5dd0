import { type ByteString } from '#base'
import { type Ino, isErrno, ROOT_INO } from '#storage/fs'
import { ok, whyNot } from '../model/observe.ts'
import { differenceOfPictures, partOf, takePicture } from '../model/picture.ts'
import { pictureOfSnapshot } from '../model/snapshot-book.ts'
import { mustHold } from '../model/violation.ts'
import { makeAside } from './names.ts'
import { isDone, never, type Setting } from './setting.ts'

/** Operations on snapshots. Restored copies go to a directory that the model does not look into. */
export const snapshotOperations: Readonly<
  Record<string, { weight: number; run: (setting: Setting) => Promise<void> }>
> = {
  create: { weight: 1.5, run: create },
  check: { weight: 1, run: check },
  remove: { weight: 0.7, run: remove },
  restore: { weight: 0.8, run: restore },
}

// Alone, the snapshot must show what is there; beside others, it only has to stay what it is.
async function create(setting: Setting): Promise<void> {
  const { random, floor, snapshots } = setting
  if (snapshots.pictures.size >= SNAPSHOTS_MAX) return
  const isAlone = random.chance(0.5) && (await floor.alone(() => createAndCompare(setting, true)))
  if (!isAlone) await createAndCompare(setting, false)
}

async function createAndCompare(setting: Setting, isAlone: boolean): Promise<void> {
  const { snapshots, stack, life, mayBeDamaged } = setting
  const { fs } = stack
  const name = snapshots.newName()
  const live = isAlone ? await takePicture({ vfs: fs.vfs, ino: ROOT_INO, mayBeDamaged }) : undefined
  if (life.ended) return never()
  snapshots.begin(name)
  const answer = await whyNot(async () => void (await fs.snapshots.create(name, NEVER)))
  if (life.ended) return never()
  if (!isDone(setting, { what: `snapshot ${name}`, answer, refusal: undefined })) return
  const picture = await pictureOfSnapshot(fs, name, mayBeDamaged)
  if (life.ended) return never()
  snapshots.made(name, picture)
  const difference = live === undefined ? undefined : differenceOfPictures(live, picture)
  mustHold(difference === undefined, () => `snapshot ${name} is not what was there: ${difference}`)
}

async function check(setting: Setting): Promise<void> {
  const { using, trace, snapshots, stack, mayBeDamaged, life } = setting
  const name = pickName(setting)
  if (name === undefined || using.has(name)) return
  using.add(name)
  trace.line(`check snapshot ${name}`)
  await snapshots.checkOne(stack.fs, name, mayBeDamaged)
  if (life.ended) return never()
  using.delete(name)
}

async function remove(setting: Setting): Promise<void> {
  const { snapshots, stack, life } = setting
  const name = pickName(setting)
  if (name === undefined || setting.using.has(name)) return
  setting.using.add(name)
  snapshots.begin(name)
  const answer = await whyNot(() => stack.fs.snapshots.remove(name, NEVER))
  if (life.ended) return never()
  setting.using.delete(name)
  if (isDone(setting, { what: `remove snapshot ${name}`, answer, refusal: undefined })) snapshots.removed(name)
}

async function restore(setting: Setting): Promise<void> {
  const { snapshots, stack, life, random, mayBeDamaged } = setting
  const { fs } = stack
  const snapshot = pickName(setting)
  const picture = snapshot === undefined ? undefined : snapshots.pictures.get(snapshot)
  if (snapshot === undefined || picture === undefined || setting.using.has(snapshot)) return
  const path = random.pick([...picture.keys()]) as ByteString
  const parent = await makeAside(setting)
  if (parent === undefined || path === '') return
  setting.using.add(snapshot)
  const name = snapshots.newName() as ByteString
  const answer = await whyNot(
    async () => void (await fs.snapshots.restore({ snapshot, path, to: { parent, name } }, NEVER)),
  )
  if (life.ended) return never()
  setting.using.delete(snapshot)
  if (!isDone(setting, { what: `restore ${path} of ${snapshot}`, answer, refusal: undefined })) return
  const { ino } = await ok(fs.vfs.lookup(parent, name), `lookup of what was restored`)
  const difference = differenceOfPictures(partOf(picture, path), await takePicture({ vfs: fs.vfs, ino, mayBeDamaged }))
  if (life.ended) return never()
  mustHold(difference === undefined, () => `restored ${path} of ${snapshot}: ${difference}`)
  await removeTree(setting, parent, name)
}

/** Removes what was restored, as far as the disk lets it. */
async function removeTree(setting: Setting, parent: Ino, name: ByteString): Promise<boolean> {
  const { vfs } = setting.stack.fs
  const node = await vfs.lookup(parent, name)
  if (isErrno(node)) return false
  const names: ByteString[] = []
  if (node.kind === 'directory') {
    const take = (entry: { name: ByteString }): boolean => names.push(entry.name) > 0
    await ok(vfs.list(node.ino, 2 as never, { attributes: false, take }), `list of ${node.ino}`)
  }
  for (const child of names) if (!(await removeTree(setting, node.ino, child))) return false
  const what = node.kind === 'directory' ? 'directory' : 'file'
  const answer = await vfs.remove(parent, name, what)
  if (setting.life.ended) return never()
  if (!isDone(setting, { what: `remove restored ${name}`, answer, refusal: undefined })) return false
  vfs.forget(node.ino)
  return true
}

function pickName({ random, snapshots }: Setting): string | undefined {
  const names = [...snapshots.pictures.keys()]
  return names.length === 0 ? undefined : random.pick(names)
}

const SNAPSHOTS_MAX = 4
const NEVER = new AbortController().signal
