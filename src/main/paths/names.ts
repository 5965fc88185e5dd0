import { createHash } from 'node:crypto'
import { type ByteString, byteString, bytesOf } from '#base'
import type { DirectoryPlace } from '#storage/fs'

/**
 * Where a put gathers bytes before the file gets its name: beside it, under a name that follows from it, so that a
 * second attempt finds what the first one left.
 */
export function partialPlace({ parent, name }: DirectoryPlace): DirectoryPlace {
  const hash = createHash('sha256').update(bytesOf(name)).digest('hex').slice(0, 16)
  return { parent, name: `${PARTIAL_PREFIX}${hash}` }
}

/** True for the name of an unfinished put. */
export function isPartialName(name: ByteString): boolean {
  return name.startsWith(PARTIAL_PREFIX) && name.length === PARTIAL_PREFIX.length + 16
}

/** A path one name further down. */
export function below(path: ByteString, name: ByteString): ByteString {
  return path.endsWith('/') ? `${path}${name}` : `${path}/${name}`
}

const PARTIAL_PREFIX = byteString(Buffer.from('.cairn-put-'))
