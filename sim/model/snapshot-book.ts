import { ERRNO, type Filesystem, isErrno, ROOT_INO } from '#storage/fs'
import { answerOf, ok } from './observe.ts'
import { differenceOfPictures, type Picture, takePicture, WHOLLY_UNREADABLE } from './picture.ts'
import { mustHold } from './violation.ts'

/** What snapshots there must be, and what each must show for ever. */
export class SnapshotBook {
  readonly pictures = new Map<string, Picture>()
  /** Names of which nobody can say whether they are there: made or removed without an answer. */
  readonly #open = new Set<string>()
  #made = 0

  /** A name that was never used. */
  newName(): string {
    this.#made += 1
    return `s${this.#made}`
  }

  /** A snapshot is being made or removed. */
  begin(name: string): void {
    this.#open.add(name)
  }

  made(name: string, picture: Picture): void {
    this.#open.delete(name)
    this.pictures.set(name, picture)
  }

  removed(name: string): void {
    this.#open.delete(name)
    this.pictures.delete(name)
  }

  /** Checks what a new process finds; both ends of what was left open are fine. */
  async check(fs: Filesystem, mayBeDamaged: boolean): Promise<void> {
    const found = new Set(fs.snapshots.list().map(snapshot => snapshot.name))
    for (const name of this.pictures.keys()) {
      if (found.has(name)) continue
      mustHold(this.#open.has(name), () => `snapshot ${name} is gone`)
      this.pictures.delete(name)
    }
    for (const name of found) {
      const known = this.pictures.has(name)
      mustHold(known || this.#open.has(name), () => `snapshot ${name} must not be there`)
      if (known) await this.checkOne(fs, name, mayBeDamaged)
      else this.pictures.set(name, await pictureOfSnapshot(fs, name, mayBeDamaged))
    }
    this.#open.clear()
  }

  async checkOne(fs: Filesystem, name: string, mayBeDamaged: boolean): Promise<void> {
    const wanted = this.pictures.get(name)
    if (wanted === undefined) return
    const difference = differenceOfPictures(wanted, await pictureOfSnapshot(fs, name, mayBeDamaged))
    mustHold(difference === undefined, () => `snapshot ${name}: ${difference}`)
  }
}

/** What a snapshot shows below `/.snapshots`. */
export async function pictureOfSnapshot(fs: Filesystem, name: string, mayBeDamaged: boolean): Promise<Picture> {
  const { ino } = await ok(fs.vfs.lookup(ROOT_INO, '.snapshots'), 'lookup of .snapshots')
  const root = await answerOf(() => fs.vfs.lookup(ino, name))
  if (root === ERRNO.EIO && mayBeDamaged) return WHOLLY_UNREADABLE
  mustHold(!isErrno(root), () => `snapshot ${name} is listed and cannot be looked up`)
  return takePicture({ vfs: fs.vfs, ino: root.ino, mayBeDamaged })
}
