import { createHash } from 'node:crypto'
import { type ByteString, byteString, bytesOf } from '#base'
import type { DirectoryPlace } from '#storage/fs'

/**
 * Where a put gathers bytes before the file gets its name: beside it, under a name that follows from it, so that a
 * second attempt finds what the first one left.
 */
export function partialPlace({ parent, name }: DirectoryPlace): DirectoryPlace {
  return { parent, name: `${PARTIAL_PREFIX}${shortHash(name)}` }
}

/** Where a restore is built before it takes the place's name: beside it, as {@link partialPlace}. */
export function restorePlace({ parent, name }: DirectoryPlace): DirectoryPlace {
  return { parent, name: `${RESTORE_PREFIX}${shortHash(name)}` }
}

/** True for the name of an unfinished put. */
export function isPartialName(name: ByteString): boolean {
  return name.startsWith(PARTIAL_PREFIX) && name.length === PARTIAL_PREFIX.length + 16
}

/** A path one name further down. */
export function below(path: ByteString, name: ByteString): ByteString {
  return path.endsWith('/') ? `${path}${name}` : `${path}/${name}`
}

/** The path of another name in the same directory. */
export function beside(path: ByteString, name: ByteString): ByteString {
  return path.slice(0, path.lastIndexOf('/') + 1) + name
}

function shortHash(name: ByteString): string {
  return createHash('sha256').update(bytesOf(name)).digest('hex').slice(0, 16)
}

const RESTORE_PREFIX = byteString(Buffer.from('.cairn-restore-'))
const PARTIAL_PREFIX = byteString(Buffer.from('.cairn-put-'))
