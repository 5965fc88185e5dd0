import { createHash } from 'node:crypto'
import { type Awaitable, DIGEST_BYTES, type Digest, digestHex, digestOf } from '#base'
import { type Client, giveBack, message, NO_BYTES, rpcFault } from '#rpc'
import { digestOfText, digestText, packDigests, piecesOf, unpackDigests, unpackFlags } from './digests.ts'
import { poolFault } from './faults.ts'
import { CHUNK_BYTES_MAX, DIGESTS_MAX, PIECE_BYTES_MAX, PUTS_PER_MACHINE_MAX } from './limits.ts'
import {
  chunkBegan,
  chunkConfirm,
  chunkDoubt,
  chunkGroups,
  chunkHas,
  chunkList,
  chunkPut,
  chunkRead,
  chunkRenew,
  chunkReport,
  chunkSync,
  type Report,
} from './methods.ts'
import type { PoolParts } from './parts.ts'
import { Renewals } from './renewals.ts'
import { Slots } from './slots.ts'

/** Another machine as one pool uses it. Faults of every call: those of its method, NoPath, those of the connection. */
export class Holder {
  readonly name: string
  readonly #parts: Pick<PoolParts, 'id' | 'machines'>
  readonly #slots = new Slots(PUTS_PER_MACHINE_MAX)
  readonly #renewals: Renewals

  constructor(name: string, parts: Pick<PoolParts, 'id' | 'machines' | 'signal'>) {
    this.name = name
    this.#parts = parts
    this.#renewals = new Renewals(digests => this.renewAll(digests, parts.signal))
  }

  /** Sends a chunk, which is read when its turn comes; answers the boot that has it now. Faults: those of `read` too. */
  async put(digest: Digest, read: () => Awaitable<Uint8Array>, signal: AbortSignal): Promise<string> {
    using _slot = await this.#slots.take(1)
    signal.throwIfAborted()
    const bytes = await read()
    const client = await this.#client(signal)
    const params = { pool: this.#parts.id, digest: digestText(digest), bytes: bytes.byteLength }
    const { boot } = await client.upload(chunkPut, { params, items: itemsOf(bytes) }, signal)
    return boot
  }

  /** The bytes of a chunk, which have its name. Faults: WrongBytes, ChunkMissing, ChunkDamaged. */
  async read(digest: Digest, signal: AbortSignal): Promise<Uint8Array> {
    const client = await this.#client(signal)
    const params = { pool: this.#parts.id, digest: digestText(digest) }
    let bytes: Uint8Array = NO_BYTES
    let filled = 0
    for await (const { head, body } of client.download(chunkRead, params, signal)) {
      if (filled === 0 && head.bytes === body.byteLength) {
        bytes = body // in one piece: it is not copied
        filled = bytes.byteLength
        continue
      }
      if (filled === 0) bytes = new Uint8Array(new SharedArrayBuffer(Math.min(head.bytes, CHUNK_BYTES_MAX)))
      if (filled + body.byteLength > bytes.byteLength) throw this.#wrong(digest)
      bytes.set(body, filled)
      filled += body.byteLength
      giveBack(body)
    }
    const isRight = filled === bytes.byteLength && digestOf(createHash('sha256').update(bytes).digest()) === digest
    if (!isRight) throw this.#wrong(digest)
    return bytes
  }

  async has(digests: readonly Digest[], signal: AbortSignal): Promise<boolean[]> {
    return await this.#flags(
      digests,
      async (client, part) => {
        return (await client.exchange(chunkHas, message({ pool: this.#parts.id }, packDigests(part)), signal)).body
      },
      signal,
    )
  }

  /** Renews one chunk; answers the boot that has it, or undefined when it is not there. */
  renew(digest: Digest): Promise<string | undefined> {
    return this.#renewals.ask(digest)
  }

  /** Renews up to `DIGESTS_MAX` chunks; answers which of them are there, and in which boot. */
  async renewAll(
    digests: readonly Digest[],
    signal: AbortSignal,
  ): Promise<{ readonly boot: string; readonly flags: readonly boolean[] }> {
    const client = await this.#client(signal)
    const request = message({ pool: this.#parts.id }, packDigests(digests))
    const { head, body } = await client.exchange(chunkRenew, request, signal)
    return { boot: head.boot, flags: unpackFlags(body, digests.length) }
  }

  /** Resolves to its boot when what was put there before survives a power cut. */
  async sync(signal: AbortSignal): Promise<string> {
    return (await (await this.#client(signal)).call(chunkSync, { pool: this.#parts.id }, signal)).boot
  }

  /** The digest of what it holds of each of these groups. */
  async groups(groups: number, numbers: readonly number[], signal: AbortSignal): Promise<Digest[]> {
    const request = message({ pool: this.#parts.id, groups, numbers })
    const { body } = await (await this.#client(signal)).exchange(chunkGroups, request, signal)
    if (body.byteLength !== numbers.length * DIGEST_BYTES) throw rpcFault('BadMessage', 'a digest for each group')
    return unpackDigests(body)
  }

  /** What it holds of a group. */
  async list(groups: number, group: number, signal: AbortSignal): Promise<Set<Digest>> {
    const client = await this.#client(signal)
    const found = new Set<Digest>()
    for (let from = ''; ; ) {
      const request = message({ pool: this.#parts.id, groups, group, from })
      const { head, body } = await client.exchange(chunkList, request, signal)
      const page = unpackDigests(body)
      for (const digest of page) found.add(digest)
      const last = page.at(-1)
      if (head.isLast || last === undefined) return found
      // Who does not go on has no end.
      if (from !== '' && last <= digestOfText(from)) throw rpcFault('BadMessage', 'digests come in order')
      from = digestText(last)
    }
  }

  /** Which of these are durable there, and stay by this view of the machines. */
  async confirm(view: string, digests: readonly Digest[], signal: AbortSignal): Promise<boolean[]> {
    return await this.#flags(
      digests,
      async (client, part) => {
        const request = message({ pool: this.#parts.id, view }, packDigests(part))
        return (await client.exchange(chunkConfirm, request, signal)).body
      },
      signal,
    )
  }

  /** Tells that this machine's pool has begun. */
  async began(boot: string, signal: AbortSignal): Promise<void> {
    await (await this.#client(signal)).call(chunkBegan, { pool: this.#parts.id, boot }, signal)
  }

  /** Tells that a chunk from there was wrong. */
  async doubt(digest: Digest, signal: AbortSignal): Promise<void> {
    const params = { pool: this.#parts.id, digest: digestText(digest) }
    await (await this.#client(signal)).call(chunkDoubt, params, signal)
  }

  async report(signal: AbortSignal): Promise<Report> {
    return await (await this.#client(signal)).call(chunkReport, { pool: this.#parts.id }, signal)
  }

  async #client(signal: AbortSignal): Promise<Client> {
    const { machines } = this.#parts
    return machines.client(this.name) ?? (await machines.connect(this.name, signal))
  }

  async #flags(
    digests: readonly Digest[],
    ask: (client: Client, part: readonly Digest[]) => Promise<Uint8Array>,
    signal: AbortSignal,
  ): Promise<boolean[]> {
    const client = await this.#client(signal)
    const flags: boolean[] = []
    for (let at = 0; at < digests.length; at += DIGESTS_MAX) {
      const part = digests.slice(at, at + DIGESTS_MAX)
      flags.push(...unpackFlags(await ask(client, part), part.length))
    }
    return flags
  }

  #wrong(digest: Digest): Error {
    return poolFault('WrongBytes', `${this.name} sent other bytes than those of chunk ${digestHex(digest)}`)
  }
}

async function* itemsOf(bytes: Uint8Array) {
  for (const piece of piecesOf(bytes, PIECE_BYTES_MAX)) yield message(undefined, piece)
}
