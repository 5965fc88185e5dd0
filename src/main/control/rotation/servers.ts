import { isFault, type World, whyOf } from '#base'
import type { Keyspace, LeaseId } from '#keyspace'
import { SERVER_LEASE_MS, SERVER_LEASE_STEP_MS } from '../../limits.ts'
import { putOf, type Row, rowOf } from '../rows.ts'

/** `/identity/servers/NAME` -> what a server knows, as JSON, while it lives. */
const SERVERS = '/identity/servers/'

/** What a server says of itself, so that nothing is sealed or signed with a key that another does not know. */
export interface ServerRow {
  readonly name: string
  /** The id of its master key. */
  readonly master: string
  /** Where the keys lie that it knows. */
  readonly knows: readonly string[]
  /** Where those lie that it seals and signs with. */
  readonly uses: readonly string[]
}

/** The servers of a cloud that live, each said by itself; whoever is alone on its keyspace writes nothing. */
export class Servers implements AsyncDisposable {
  readonly #keyspace: Keyspace
  readonly #world: World
  readonly #isAlone: boolean
  readonly #closing = new AbortController()
  #own: ServerRow
  #lease: LeaseId | undefined
  #living: Promise<void> = Promise.resolve()

  /**
   * `name` is undefined for a server that is alone. To be opened before any key is read: who announces a key later sees this
   * server, and who announced one before is seen by it.
   */
  static async open(keyspace: Keyspace, name: string | undefined, world: World): Promise<Servers> {
    const servers = new Servers(keyspace, name, world)
    if (name !== undefined) {
      await servers.#put(servers.#closing.signal)
      servers.#living = servers.#live()
    }
    return servers
  }

  private constructor(keyspace: Keyspace, name: string | undefined, world: World) {
    this.#keyspace = keyspace
    this.#world = world
    this.#isAlone = name === undefined
    this.#own = { name: name ?? 'this server', master: '', knows: [], uses: [] }
  }

  /** Says what this server knows. */
  async tell(known: Omit<ServerRow, 'name'>, signal: AbortSignal): Promise<void> {
    const own = { name: this.#own.name, ...known }
    if (JSON.stringify(own) === JSON.stringify(this.#own)) return
    this.#own = own
    if (!this.#isAlone) await this.#put(signal)
  }

  /** All that live, this one too. */
  async all(signal: AbortSignal): Promise<readonly ServerRow[]> {
    if (this.#isAlone) return [this.#own]
    const { entries } = await this.#keyspace.range({ keys: { kind: 'prefix', prefix: SERVERS } }, signal)
    const others = entries.map(entry => serverOf(rowOf(entry))).filter(({ name }) => name !== this.#own.name)
    return [this.#own, ...others]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#living
    const lease = this.#lease
    // Nobody waits for it any more; the lease would end by itself too.
    if (lease !== undefined) await this.#keyspace.revoke(lease, AbortSignal.timeout(1000)).catch(() => undefined)
  }

  async #put(signal: AbortSignal): Promise<void> {
    this.#lease ??= await this.#keyspace.grant(SERVER_LEASE_MS, signal)
    const put = { ...putOf(`${SERVERS}${this.#own.name}`, this.#own), lease: this.#lease }
    try {
      await this.#keyspace.txn({ then: [put] }, signal)
    } catch (error) {
      if (!isFault(error, 'LeaseNotFound')) throw error
      this.#lease = undefined
      await this.#put(signal)
    }
  }

  async #live(): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      try {
        await this.#world.clock.sleep(SERVER_LEASE_STEP_MS, signal)
        if (this.#lease !== undefined) await this.#keyspace.keepAlive(this.#lease, signal)
        else await this.#put(signal)
      } catch (error) {
        if (signal.aborted) return
        if (isFault(error, 'LeaseNotFound')) this.#lease = undefined
        else this.#world.log.warn('this server cannot say that it lives', { why: whyOf(error) })
      }
    }
  }
}

function serverOf({ name, master, knows, uses }: Row): ServerRow {
  const texts = (list: unknown) => (Array.isArray(list) ? list.map(String) : [])
  return { name: String(name), master: String(master), knows: texts(knows), uses: texts(uses) }
}
