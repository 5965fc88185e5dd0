import { type Digest, isFault } from '#base'
import type { ChunkRow, LogPosition } from './chunk-index.ts'
import { Copies } from './copies.ts'
import { chunkFault, diskFault } from './faults.ts'
import { CHECKS_BYTES_MAX, CHUNK_BYTES_MAX, INLINE_BYTES_MAX, PENDING_ROWS_MAX } from './limits.ts'
import { runHash } from './jobs.ts'
import type { StoreParts } from './parts.ts'
import { type ChunkState, checkTable, encodeHeader, RECORD_HEADER_BYTES, recordBytes, seedChecks } from './record.ts'
import type { Segment } from './segment-log.ts'
import type { Claim } from './reservations.ts'
import { changeStates } from './states.ts'
import type { Hashed } from './workers.ts'

/** Stores chunks: small ones on the calling thread, large ones on the workers. */
export class Puts {
  readonly #parts: StoreParts
  readonly #copies = new Copies()
  readonly #inFlight = new Map<Digest, Promise<void>>()
  /** Puts of shared bytes under way. */
  #shared = 0
  /** The last put whose body was written before it had a name: resolves when it is over. */
  #ahead: Promise<void> | undefined

  constructor(parts: StoreParts) {
    this.#parts = parts
  }

  /** See {@link ChunkStore.put}, and {@link ChunkStore.cache} for `cached`. */
  async put(bytes: Uint8Array, { state, name }: Wanted): Promise<Digest> {
    const { syncs, table, space, workers, compress } = this.#parts
    syncs.check()
    if (bytes.byteLength > CHUNK_BYTES_MAX) {
      const hint = `Cut content into chunks of at most ${CHUNK_BYTES_MAX} bytes.`
      throw chunkFault('ChunkTooLarge', `a chunk of ${bytes.byteLength} bytes is too large`, { hint })
    }
    using claim = space.claim(bytes.byteLength)
    if (table.pendingRows >= PENDING_ROWS_MAX) await syncs.persist()
    if (!workers.threaded || bytes.byteLength <= INLINE_BYTES_MAX) {
      const { digest, packed } = this.#isNamed(name)
        ? { digest: name, packed: undefined }
        : runHash({ bytes, compress })
      await this.#store({ digest, state, plainBytes: bytes.byteLength, body: packed ?? bytes, claim, isInline: true })
      return digest
    }
    if (bytes.buffer instanceof SharedArrayBuffer) return await this.#putShared({ bytes, claim, state, name })
    using copy = await this.#copies.take(bytes)
    return await this.#putShared({ bytes: copy.bytes, claim, state, name })
  }

  /** Holds a chunk whose bytes are here and can be read, and answers whether they are. */
  renew(digest: Digest): boolean {
    this.#parts.syncs.check()
    this.#parts.candidates.renew(digest)
    return this.#renew(digest, 'held')
  }

  async #putShared({ bytes, claim, state, name }: SharedPut): Promise<Digest> {
    const { workers, compress } = this.#parts
    if (this.#isNamed(name)) {
      await this.#ahead // it may be the same chunk
      await this.#store({ digest: name, state, plainBytes: bytes.byteLength, body: bytes, claim, isInline: false })
      return name
    }
    const ahead = compress || this.#shared > 0 ? undefined : this.#tryWriteBody(bytes, claim)
    const hashing = workers.hash({ bytes, compress })
    this.#shared++
    try {
      if (ahead !== undefined) return await this.#putAhead({ bytes, claim, state, name, hashing, ahead })
      const { digest, packed } = await hashing
      await this.#ahead // it may be the same chunk
      await this.#store({ digest, state, plainBytes: bytes.byteLength, body: packed ?? bytes, claim, isInline: false })
      return digest
    } finally {
      this.#shared--
    }
  }

  // What is hashed is tried to be compressed in one go.
  #isNamed(name: Digest | undefined): name is Digest {
    return name !== undefined && !this.#parts.compress
  }

  // A put that is alone has its body written while it is hashed; when the chunk turns out to be there already, the place
  // is given back.
  #putAhead({ bytes, claim, state, hashing, ahead }: AheadPut): Promise<Digest> {
    const named = Promise.allSettled([hashing, ahead.written]).then(async ([hashed, written]) => {
      const isThere = hashed.status === 'fulfilled' && this.#stateOf(hashed.value.digest) !== undefined
      if (isThere || hashed.status === 'rejected' || written.status === 'rejected') this.#abandon(ahead)
      const { digest } = valueOf(hashed)
      const chunk = { digest, state, plainBytes: bytes.byteLength, body: bytes, claim, isInline: false }
      if (isThere) await this.#store(chunk)
      else if (written.status === 'rejected') throw diskFault('store a chunk', written.reason)
      else this.#finish(chunk, ahead, written.value)
      return digest
    })
    this.#ahead = named.then(nothing, nothing)
    return named
  }

  // Answers at once, without a promise in between, when nothing has to be waited for.
  #store(chunk: NewChunk): Promise<void> | undefined {
    const { digest } = chunk
    if (chunk.state === 'held') this.#parts.candidates.renew(digest)
    if (this.#renew(digest, chunk.state)) return undefined
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

  #renew(digest: Digest, wanted: NewChunk['state']): boolean {
    const state = this.#stateOf(digest)
    if (state === undefined) return false
    if (wanted === 'held' && state !== 'held') changeStates(this.#parts, [digest], 'held')
    return true
  }

  /** Undefined when there is nothing of the chunk that can be read. */
  #stateOf(digest: Digest): ChunkState | undefined {
    const state = this.#parts.table.get(digest)?.state
    return state === 'quarantined' ? undefined : state
  }

  #writeInline(chunk: NewChunk): void {
    const { log } = this.#parts
    const { place, segment } = this.#allocate(chunk.body.byteLength, chunk.claim)
    const table = checkTable(chunk.body, chunk.digest)
    try {
      log.writer(segment).write([this.#header(chunk, segment), chunk.body, table], place.offset)
    } catch (error) {
      log.abandon(place, recordBytes(chunk.body.byteLength))
      throw diskFault('store a chunk', error)
    }
    this.#note(chunk, place, table)
  }

  async #writeOnWorker(chunk: NewChunk): Promise<void> {
    const ahead = this.#writeBody(chunk.body, chunk.claim)
    let checks: Uint8Array
    try {
      checks = await ahead.written
    } catch (error) {
      this.#abandon(ahead)
      throw diskFault('store a chunk', error)
    }
    this.#finish(chunk, ahead, checks)
  }

  /** Undefined when there is no room: what is there already needs none. */
  #tryWriteBody(body: Uint8Array, claim: Claim): Ahead | undefined {
    try {
      return this.#writeBody(body, claim)
    } catch (error) {
      if (isFault(error, 'NoSpace')) return undefined
      throw error
    }
  }

  #writeBody(body: Uint8Array, claim: Claim): Ahead {
    const { place, segment } = this.#allocate(body.byteLength, claim)
    const offset = place.offset + RECORD_HEADER_BYTES
    const written = this.#parts.workers.write({ path: segment.path, offset, body })
    return { place, segment, bytes: recordBytes(body.byteLength), written }
  }

  // The header last: until it is there nothing takes the stretch for a record.
  #finish(chunk: NewChunk, ahead: Ahead, checks: Uint8Array): void {
    const { place, segment } = ahead
    const { digest, body } = chunk
    if (chunk.state === 'held') this.#parts.candidates.renew(digest)
    const table = seedChecks(checks, digest, body.byteLength)
    try {
      const file = this.#parts.log.writer(segment)
      file.write([table], place.offset + RECORD_HEADER_BYTES + body.byteLength)
      file.write([this.#header(chunk, segment)], place.offset)
    } catch (error) {
      this.#abandon(ahead)
      throw diskFault('store a chunk', error)
    }
    this.#note(chunk, place, table)
  }

  #abandon({ place, bytes }: Ahead): void {
    this.#parts.log.abandon(place, bytes)
  }

  #allocate(storedBytes: number, claim: Claim): { readonly place: LogPosition; readonly segment: Segment } {
    const { log, space, syncs } = this.#parts
    const bytes = recordBytes(storedBytes)
    syncs.check()
    space.take(bytes, claim)
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
      state: chunk.state,
      plainBytes: chunk.plainBytes,
      storedBytes: chunk.body.byteLength,
      durableBytes: segment.durableBytes,
      segment: segment.number,
      salt: this.#parts.log.salt(segment),
      digest: chunk.digest,
    })
  }

  #note(chunk: NewChunk, place: LogPosition, checks: Buffer): void {
    const { log, table, syncs } = this.#parts
    const { plainBytes, body } = chunk
    const sizes = { plainBytes, storedBytes: body.byteLength }
    const row: ChunkRow = {
      ...sizes,
      segment: place.segment,
      offset: place.offset,
      codec: codecOf(chunk),
      state: chunk.state,
      checks: keptChecks(body, checks),
    }
    table.set(chunk.digest, row)
    log.settle(place)
    syncs.nudge()
  }
}

interface NewChunk {
  readonly digest: Digest
  readonly state: 'held' | 'cached'
  readonly plainBytes: number
  readonly body: Uint8Array
  readonly claim: Claim
  readonly isInline: boolean
}

/** A body on its way to its place in a segment. */
interface Ahead {
  readonly place: LogPosition
  readonly segment: Segment
  /** Of the whole record. */
  readonly bytes: number
  /** The plain CRCs of the body's blocks. */
  readonly written: Promise<Uint8Array>
}

interface Wanted {
  readonly state: NewChunk['state']
  /** The SHA-256 of the bytes when the caller has just computed it. */
  readonly name: Digest | undefined
}

interface SharedPut extends Wanted {
  readonly bytes: Uint8Array
  readonly claim: Claim
}

interface AheadPut extends SharedPut {
  readonly hashing: Promise<Hashed>
  readonly ahead: Ahead
}

// A small body is read in one piece with its table.
function keptChecks(body: Uint8Array, table: Buffer): Buffer | undefined {
  const isKept = body.byteLength > INLINE_BYTES_MAX && table.byteLength <= CHECKS_BYTES_MAX
  return isKept ? table : undefined
}

function valueOf<Value>(settled: PromiseSettledResult<Value>): Value {
  if (settled.status === 'rejected') throw settled.reason
  return settled.value
}

function nothing(): void {}

function codecOf(chunk: NewChunk): 'raw' | 'zstd' {
  return chunk.body.byteLength === chunk.plainBytes ? 'raw' : 'zstd'
}
