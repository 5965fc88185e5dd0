import { createHash } from 'node:crypto'
import { type Cookie, ERRNO, type Ino, type Reply, type Vfs } from '#storage/fs'
import { answerOf, ok } from './observe.ts'
import { mustHold } from './violation.ts'

/** Everything below a directory that a copy of it must show too: a line for each path, `''` for the directory itself. */
export type Picture = ReadonlyMap<string, string>

/** What a picture is taken of. */
export interface PictureOf {
  readonly vfs: Vfs
  readonly ino: Ino
  /** True when reads may report damage instead of answering. */
  readonly mayBeDamaged: boolean
}

/** Reads a tree through the filesystem's front. */
export async function takePicture(of: PictureOf): Promise<Picture> {
  const picture = new Map<string, string>()
  const waiting: { readonly path: string; readonly ino: Ino }[] = [{ path: '', ino: of.ino }]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { path, ino } = next
    try {
      picture.set(path, await lineOf(of, ino))
      for (const [name, child] of await namesIn(of, ino)) waiting.push({ path: join(path, name), ino: child })
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error
      picture.set(path, UNREADABLE)
    }
  }
  return picture
}

/** The part of a picture below a path. */
export function partOf(picture: Picture, path: string): Picture {
  const part = new Map<string, string>()
  for (const [each, line] of picture) {
    if (each === path) part.set('', line)
    else if (path === '') part.set(each, line)
    else if (each.startsWith(`${path}/`)) part.set(each.slice(path.length + 1), line)
  }
  return part
}

/** The first path where two pictures differ; undefined when they are the same but for what could not be read. */
export function differenceOfPictures(wanted: Picture, seen: Picture): string | undefined {
  const isHidden = (path: string): boolean =>
    placesOf(path).some(place => wanted.get(place) === UNREADABLE || seen.get(place) === UNREADABLE)
  for (const [path, line] of wanted) {
    const found = seen.get(path)
    if (found !== line && !isHidden(path)) return `${path} is ${found ?? 'missing'}, not ${line}`
  }
  for (const path of seen.keys()) if (!wanted.has(path) && !isHidden(path)) return `${path} must not be there`
  return undefined
}

// The path and all above it.
function placesOf(path: string): string[] {
  const names = path.split('/')
  return ['', ...names.map((_, index) => names.slice(0, index + 1).join('/'))]
}

class Unreadable extends Error {}

// The value of an answer; reported damage is excused where there may be some.
async function read<Value>(of: PictureOf, call: () => Reply<Value>, what: string): Promise<Value> {
  const answer = await answerOf(call)
  if (answer === ERRNO.EIO && of.mayBeDamaged) throw new Unreadable(what)
  return ok(answer, what)
}

async function lineOf(of: PictureOf, ino: Ino): Promise<string> {
  const { vfs } = of
  const { kind, mode, uid, gid, size } = await read(of, () => vfs.attributes(ino), `attributes of ${ino}`)
  const about = `${kind} ${mode.toString(8)} ${uid}:${gid} ${await xattrsOf(of, ino)}`
  if (kind === 'symlink') return `${about} -> ${await read(of, () => vfs.readLink(ino), `target of ${ino}`)}`
  if (kind !== 'file') return about
  const hash = createHash('sha256')
  const piece = Buffer.alloc(PIECE_BYTES)
  for (let at = 0; at < size; at += PIECE_BYTES) {
    const wanted = Math.min(PIECE_BYTES, size - at)
    const { bytes } = await read(of, () => vfs.read(ino, at, piece.subarray(0, wanted)), `read of ${ino} at ${at}`)
    mustHold(bytes === wanted, () => `read of ${ino} at ${at} in a picture`)
    hash.update(piece.subarray(0, wanted))
  }
  return `${about} ${size} ${hash.digest('hex').slice(0, 16)}`
}

async function xattrsOf(of: PictureOf, ino: Ino): Promise<string> {
  const { vfs } = of
  const lines: string[] = []
  for (const name of await read(of, () => vfs.listXattr(ino), `xattrs of ${ino}`)) {
    const value = await read(of, () => vfs.getXattr(ino, name), `xattr ${name} of ${ino}`)
    lines.push(`${name}=${createHash('sha256').update(value).digest('hex').slice(0, 8)}`)
  }
  return lines.sort().join(',')
}

async function namesIn(of: PictureOf, ino: Ino): Promise<[string, Ino][]> {
  const { vfs } = of
  const { kind } = await read(of, () => vfs.attributes(ino), `attributes of ${ino}`)
  if (kind !== 'directory') return []
  const names: string[] = []
  const take = (entry: { name: string }): boolean => names.push(entry.name) > 0
  await read(of, () => vfs.list(ino, 0 as Cookie, { attributes: false, take }), `list of ${ino}`)
  const found: [string, Ino][] = []
  for (const name of names) {
    if (name === '.' || name === '..') continue
    found.push([name, (await read(of, () => vfs.lookup(ino, name), `lookup of ${name} in ${ino}`)).ino])
  }
  return found
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}/${name}`
}

const UNREADABLE = 'unreadable'
/** A tree that could not be looked into at all. */
export const WHOLLY_UNREADABLE: Picture = new Map([['', UNREADABLE]])
const PIECE_BYTES = 65_536
