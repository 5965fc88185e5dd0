import { createHash } from 'node:crypto'
import { digestBytes, type Digest, digestOf } from '#base'

/** SHA-256 over digests in byte order: equal on machines that hold the same chunks of a group. */
export function digestOfAll(chunks: readonly { readonly digest: Digest }[]): Digest {
  const hash = createHash('sha256')
  for (const { digest } of chunks) hash.update(digestBytes(digest))
  return digestOf(hash.digest())
}
