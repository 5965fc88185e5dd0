import { digestHex, isFault } from '#base'
import type { Stack } from '../stack.ts'
import { mustHold } from './violation.ts'

/** Checks that every chunk the filesystem references is there, and that all that is there verifies. */
export async function checkReachable({ fs, chunks }: Stack): Promise<void> {
  for await (const batch of fs.references(NEVER)) {
    for (const digest of batch) {
      const isHere = await isReadable(chunks, digest)
      mustHold(isHere, () => `chunk ${digestHex(digest)} is referenced and not there`)
    }
  }
  for await (const { damagedChunks } of chunks.scrub({ bytesPerSecond: 2 ** 40 }, NEVER)) {
    mustHold(damagedChunks === 0, () => `scrub finds ${damagedChunks} damaged chunks`)
  }
}

async function isReadable(chunks: Stack['chunks'], digest: Parameters<typeof chunks.read>[0]): Promise<boolean> {
  try {
    await chunks.read(digest, NOTHING, 0)
    return true
  } catch (error) {
    if (isFault(error, 'ChunkMissing')) return false
    throw error
  }
}

const NOTHING = new Uint8Array(0)
const NEVER = new AbortController().signal
