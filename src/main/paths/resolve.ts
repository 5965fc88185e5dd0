import { type ByteString, textOf } from '#base'
import { type Attributes, type DirectoryPlace, ERRNO, type Ino, isErrno, ROOT_INO, type Vfs } from '#storage/fs'
import { mainFault } from '../faults.ts'
import { SYMLINKS_MAX } from '../limits.ts'
import { done, errnoFault } from './answer.ts'

/** Where a path leads: to something, or to a free name in a directory. */
export interface Resolved {
  /** The directory and name; undefined for the root. */
  readonly place: DirectoryPlace | undefined
  /** What is there; undefined when nothing is. */
  readonly attributes: Attributes | undefined
}

/**
 * Walks an absolute path inside one filesystem. Symlinks on the way are followed as long as they stay inside: relative
 * ones. `follow` also looks behind a last symlink. Faults: Invalid, NotFound, WrongKind, Symlink.
 */
export async function resolve(vfs: Vfs, path: ByteString, follow: 'all' | 'parents'): Promise<Resolved> {
  if (!path.startsWith('/') || path.includes('\0')) {
    throw mainFault('Invalid', `path: "${textOf(path)}" is no absolute path`, { hint: 'Begin it with /.' })
  }
  const walk = new Walk(vfs, path, follow)
  return walk.run()
}

/** What is at a path. Faults: as {@link resolve}, and NotFound. */
export async function find(vfs: Vfs, path: ByteString, follow: 'all' | 'parents'): Promise<Attributes> {
  const { attributes } = await resolve(vfs, path, follow)
  if (attributes === undefined) throw errnoFault(ERRNO.ENOENT, path)
  return attributes
}

/** The directory and name of a path that is not the root. Faults: as {@link resolve}, and Invalid. */
export async function placeOf(vfs: Vfs, path: ByteString): Promise<Resolved & { readonly place: DirectoryPlace }> {
  const { place, attributes } = await resolve(vfs, path, 'parents')
  if (place === undefined) {
    throw mainFault('Invalid', 'path: the root of a filesystem cannot be changed like this', {
      hint: 'Name what is in it.',
    })
  }
  return { place, attributes }
}

/** Refuses a path whose last name is `.` or `..`, as rm(1) does: what goes would not be what was named. Faults: Invalid. */
export function refuseDots(path: ByteString): void {
  if (!/(^|\/)\.\.?\/*$/.test(path)) return
  throw mainFault('Invalid', `path: ${textOf(path)} ends in . or ..`, { hint: 'Name the directory itself.' })
}

interface Step {
  readonly ino: Ino
  readonly place: DirectoryPlace | undefined
  readonly attributes: Attributes
}

class Walk {
  readonly #vfs: Vfs
  readonly #path: ByteString
  readonly #follow: 'all' | 'parents'
  /** Names still to go, the next one last. */
  readonly #names: ByteString[]
  /** Directories entered, the root first: `..` goes back. */
  readonly #entered: Step[] = []
  #links = 0

  constructor(vfs: Vfs, path: ByteString, follow: 'all' | 'parents') {
    this.#vfs = vfs
    this.#path = path
    this.#follow = follow
    this.#names = namesOf(path)
  }

  async run(): Promise<Resolved> {
    this.#entered.push({ ino: ROOT_INO, place: undefined, attributes: await done(this.#vfs.attributes(ROOT_INO), '/') })
    for (;;) {
      const name = this.#names.pop()
      if (name === undefined) return this.#here
      if (name === '.') {
        this.#refuseFile()
        continue
      }
      if (name === '..') {
        this.#refuseFile()
        if (this.#entered.length > 1) this.#entered.pop()
        continue
      }
      const free = await this.#enter(name)
      if (free !== undefined) return free
    }
  }

  get #here(): Step {
    const step = this.#entered.at(-1)
    if (step === undefined) throw mainFault('Invalid', 'path: nowhere', { hint: 'Begin it with /.' })
    return step
  }

  // Only a directory has names, `.` and `..` among them.
  #refuseFile(): void {
    if (this.#here.attributes.kind !== 'directory') throw errnoFault(ERRNO.ENOTDIR, this.#path)
  }

  // Goes one name further; answers the free place when the last name is not there.
  async #enter(name: ByteString): Promise<Resolved | undefined> {
    this.#refuseFile()
    const { ino: parent } = this.#here
    const place = { parent, name }
    const found = await this.#vfs.lookup(parent, name)
    if (isErrno(found)) {
      const isLast = this.#names.every(rest => rest === '.')
      if (found === ERRNO.ENOENT && this.#names.length === 0) return { place, attributes: undefined }
      if (found === ERRNO.ENOENT && !isLast) throw missingOnTheWay(this.#path, name)
      throw errnoFault(found, this.#path)
    }
    const isLast = this.#names.length === 0
    if (found.kind === 'symlink' && (!isLast || this.#follow === 'all')) await this.#followLink(found.ino)
    else this.#entered.push({ ino: found.ino, place, attributes: found })
    return undefined
  }

  async #followLink(ino: Ino): Promise<void> {
    this.#links += 1
    if (this.#links > SYMLINKS_MAX) throw errnoFault(ERRNO.ELOOP, this.#path)
    const target = await done(this.#vfs.readLink(ino), this.#path)
    if (target.startsWith('/')) {
      throw mainFault('Symlink', `${textOf(this.#path)} goes through a symlink to ${textOf(target)}`, {
        hint: 'An absolute symlink leads out of the filesystem. Name the file itself.',
      })
    }
    this.#names.push(...namesOf(target))
  }
}

function missingOnTheWay(path: ByteString, name: ByteString): Error {
  return mainFault('NotFound', `${textOf(path)}: the directory ${textOf(name)} on the way is not there`, {
    hint: 'Make it first, or choose another path.',
  })
}

// The first name comes last. A slash at the end asks for what is behind a last symlink, as `/.` does.
function namesOf(path: ByteString): ByteString[] {
  const names = path.split('/').filter(name => name !== '')
  if (path.endsWith('/')) names.push('.')
  return names.reverse()
}
