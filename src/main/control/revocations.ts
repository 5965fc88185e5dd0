import { type World, whyOf } from '#base'
import type { Keyspace, Revision } from '#keyspace'
import { POLICY_RETRY_MS } from '../limits.ts'

/** `/identity/revoked/SERIAL` -> when and why, as JSON. SERIAL is in lower-case hexadecimal. */
const PREFIX = '/identity/revoked/'

/** The serials of certificates that hold no more, followed by a watch. */
export class Revocations implements AsyncDisposable {
  readonly #keyspace: Keyspace
  readonly #world: World
  readonly #serials = new Set<string>()
  readonly #closing = new AbortController()
  readonly #listeners = new Set<() => void>()
  #following: Promise<void> = Promise.resolve()

  /** Resolves when all are known. */
  static async open(keyspace: Keyspace, world: World): Promise<Revocations> {
    const revocations = new Revocations(keyspace, world)
    const known = Promise.withResolvers<void>()
    revocations.#following = revocations.#follow(known.resolve)
    await known.promise
    return revocations
  }

  private constructor(keyspace: Keyspace, world: World) {
    this.#keyspace = keyspace
    this.#world = world
  }

  has(serial: string): boolean {
    return this.#serials.has(serial)
  }

  /** `run` is called whenever another certificate is revoked, until disposed. */
  onRevoked(run: () => void): Disposable {
    const listener = () => run()
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** Revokes a certificate for good, on all servers of this keyspace. */
  async revoke(serial: string, why: string, signal: AbortSignal): Promise<void> {
    const timeMs = Number(this.#world.clock.wallNs() / 1_000_000n)
    const value = Buffer.from(JSON.stringify({ version: 1, timeMs, why }))
    const key = `${PREFIX}${serial.toLowerCase()}`
    const { revision } = await this.#keyspace.txn({ then: [{ kind: 'put', key, value }] }, signal)
    await this.#keyspace.sync(revision, signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#following
  }

  async #follow(known: () => void): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      try {
        await this.#followOnce(known, signal)
      } catch (error) {
        if (signal.aborted) return
        this.#world.log.warn('revocations are read again', { why: whyOf(error) })
        await this.#world.clock.sleep(POLICY_RETRY_MS, signal).catch(() => undefined)
      }
    }
  }

  async #followOnce(known: () => void, signal: AbortSignal): Promise<void> {
    const keys = { kind: 'prefix', prefix: PREFIX } as const
    const { entries, revision } = await this.#keyspace.range({ keys, want: 'keys' }, signal)
    this.#add(entries.map(({ key }) => key))
    known()
    const from = (revision + 1) as Revision
    for await (const { events } of this.#keyspace.watch({ keys, from }, signal)) {
      this.#add(events.flatMap(event => (event.kind === 'put' ? [event.entry.key] : [])))
    }
  }

  #add(keys: readonly string[]): void {
    if (keys.length === 0) return
    for (const key of keys) this.#serials.add(key.slice(PREFIX.length))
    for (const run of this.#listeners) run()
  }
}
