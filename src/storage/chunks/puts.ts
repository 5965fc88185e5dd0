import type { Digest } from '#base'
import type { ChunkRow, LogPosition } from './chunk-index.ts'
import { Copies } from './copies.ts'
import { chunkFault, diskFault } from './faults.ts'
import { CHUNK_BYTES_MAX, INLINE_BYTES_MAX, PENDING_ROWS_MAX } from './limits.ts'
import { runHash } from './jobs.ts'
import type { StoreParts } from './parts.ts'
import { checkTable, encodeHeader, recordBytes } from './record.ts'
import type { Segment } from './segment-log.ts'
import type { Claim } from './space.ts'
import { changeStates } from './states.ts'

/** Stores chunks: small ones on the calling thread, large ones on the workers. */
export class Puts {
  readonly #parts: StoreParts
  readonly #copies = new Copies()
  readonly #inFlight = new Map<Digest, Promise<void>>()

  constructor(parts: StoreParts) {
    this.#parts = parts
  }

  /** See {@link ChunkStore.put}. */
  async put(bytes: Uint8Array): Promise<Digest> {
    const { syncs, table, space, workers, compress } = this.#parts
    syncs.check()
    if (bytes.byteLength > CHUNK_BYTES_MAX) {
      const hint = `Cut content into chunks of at most ${CHUNK_BYTES_MAX} bytes.`
      throw chunkFault('ChunkTooLarge', `a chunk of ${bytes.byteLength} bytes is too large`, { hint })
    }
    using claim = space.claim(bytes.byteLength)
    if (table.pendingRows >= PENDING_ROWS_MAX) await syncs.persist()
    if (!workers.threaded || bytes.byteLength <= INLINE_BYTES_MAX) {
      const { digest, packed } = runHash({ bytes, compress })
      await this.#store({ digest, plainBytes: bytes.byteLength, body: packed ?? bytes, claim, isInline: true })
      return digest
    }
    if (bytes.buffer instanceof SharedArrayBuffer) return await this.#putShared(bytes, claim)
    using copy = await this.#copies.take(bytes)
    return await this.#putShared(copy.bytes, claim)
  }

  async #putShared(bytes: Uint8Array, claim: Claim): Promise<Digest> {
    const { digest, packed } = await this.#parts.workers.hash({ bytes, compress: this.#parts.compress })
    await this.#store({ digest, plainBytes: bytes.byteLength, body: packed ?? bytes, claim, isInline: false })
    return digest
  }

  // Answers at once, without a promise in between, when nothing has to be waited for.
  #store(chunk: NewChunk): Promise<void> | undefined {
    const { digest } = chunk
    this.#parts.candidates.renew(digest)
    if (this.#renew(digest)) return undefined
    const twin = this.#inFlight.get(digest)
    if (twin !== undefined) return this.#storeAfter(twin, chunk)
    if (chunk.isInline) {
      this.#writeInline(chunk)
      return undefined
    }
    const writing = this.#writeOnWorker(chunk).finally(() => this.#inFlight.delete(digest))
    this.#inFlight.set(digest, writing)
    return writing
  }

  // When the twin failed, this put tries for itself.
  async #storeAfter(twin: Promise<void>, chunk: NewChunk): Promise<void> {
    await Promise.allSettled([twin])
    await this.#store(chunk)
  }

  #renew(digest: Digest): boolean {
    const row = this.#parts.table.get(digest)
    if (row === undefined || row.state === 'quarantined') return false
    if (row.state !== 'held') changeStates(this.#parts, [digest], 'held')
    return true
  }

  #writeInline(chunk: NewChunk): void {
    const { log } = this.#parts
    const { place, segment } = this.#allocate(chunk)
    try {
      const parts = [this.#header(chunk, segment), chunk.body, checkTable(chunk.body, chunk.digest)]
      log.writer(segment).write(parts, place.offset)
    } catch (error) {
      log.abandon(place, recordBytes(chunk.body.byteLength))
      throw diskFault('store a chunk', error)
    }
    this.#note(chunk, place)
  }

  async #writeOnWorker(chunk: NewChunk): Promise<void> {
    const { log, workers } = this.#parts
    const { place, segment } = this.#allocate(chunk)
    const { digest, body } = chunk
    try {
      const header = this.#header(chunk, segment)
      await workers.write({ path: segment.path, offset: place.offset, digest, header, body })
    } catch (error) {
      log.abandon(place, recordBytes(body.byteLength))
      throw diskFault('store a chunk', error)
    }
    this.#note(chunk, place)
  }

  #allocate(chunk: NewChunk): { readonly place: LogPosition; readonly segment: Segment } {
    const { log, space, syncs } = this.#parts
    const bytes = recordBytes(chunk.body.byteLength)
    syncs.check()
    space.take(bytes, chunk.claim)
    try {
      const place = log.allocate(bytes)
      return { place, segment: log.segment(place.segment) }
    } catch (error) {
      throw diskFault('begin a segment', error)
    }
  }

  #header(chunk: NewChunk, segment: Segment): Buffer {
    return encodeHeader({
      kind: 'chunk',
      codec: codecOf(chunk),
      state: 'held',
      plainBytes: chunk.plainBytes,
      storedBytes: chunk.body.byteLength,
      durableBytes: segment.durableBytes,
      segment: segment.number,
      salt: this.#parts.log.salt(segment),
      digest: chunk.digest,
    })
  }

  #note(chunk: NewChunk, place: LogPosition): void {
    const { log, table, syncs } = this.#parts
    const { plainBytes, body } = chunk
    const sizes = { plainBytes, storedBytes: body.byteLength }
    const row: ChunkRow = {
      ...sizes,
      segment: place.segment,
      offset: place.offset,
      codec: codecOf(chunk),
      state: 'held',
    }
    table.set(chunk.digest, row)
    log.settle(place)
    syncs.nudge()
  }
}

interface NewChunk {
  readonly digest: Digest
  readonly plainBytes: number
  readonly body: Uint8Array
  readonly claim: Claim
  readonly isInline: boolean
}

function codecOf(chunk: NewChunk): 'raw' | 'zstd' {
  return chunk.body.byteLength === chunk.plainBytes ? 'raw' : 'zstd'
}
