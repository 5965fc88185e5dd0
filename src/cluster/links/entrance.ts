import { type Fault, isFault, type World } from '#base'
import type { Handler, MachineHello } from '#rpc'
import { clusterFault } from '../faults.ts'
import type { Hearing } from '../hearing/hearing.ts'
import { PROBE_MS, REMOVED_TOLD_MS } from '../limits.ts'
import { clusterBeat } from '../methods/beat.ts'
import { Gate } from './gate.ts'
import { MachineConnection, type Wire } from './machine-connection.ts'

/** What machines are let in with. */
export interface EntranceParts {
  readonly world: Pick<World, 'clock' | 'log'>
  readonly software: string
  readonly hearing: Hearing
  /** What this machine says of itself. */
  readonly says: () => MachineHello
  /** What it says in a heartbeat. */
  readonly beat: () => ReturnType<typeof clusterBeat.params>
  readonly isRevoked: (serial: string) => boolean
}

/**
 * Opens connections, and lets one machine of each name in: of two, whose data folder is a copy of the other's, the one that was
 * there first, as long as it answers. Who calls meanwhile waits.
 */
export class Entrance {
  readonly #parts: EntranceParts
  readonly #inside = new Set<MachineConnection>()
  readonly #leaving = new Set<Promise<void>>()
  /** What was wrong with machines that could not be connected, by their names: their version. */
  readonly #misfits = new Map<string, Fault>()

  constructor(parts: EntranceParts) {
    this.#parts = parts
  }

  /** Why a machine cannot be talked to, as far as it says; undefined: nothing is known. */
  misfit(name: string): Fault | undefined {
    return this.#misfits.get(name)
  }

  /** Opens a connection on which the other machine may call the handlers. Faults: NoPath, Duplicate, Unsupported, Closed. */
  async open(wire: Wire, handlers: readonly Handler[], signal: AbortSignal): Promise<MachineConnection> {
    const { clock, log } = this.#parts.world
    const gate = new Gate()
    const { software } = this.#parts
    const tools = { clock, log, software, machine: this.#parts.says(), handlers: gate.before(handlers) }
    const connection = await this.#meet(wire, tools, signal)
    // Who takes long to say hello may have been revoked meanwhile.
    if (this.#parts.isRevoked(wire.certificate.serial)) {
      connection.cut()
      throw clusterFault('NoPath', `the certificate of ${wire.subject.name} was revoked`)
    }
    const refusal = await this.#refusalOf(connection, signal)
    if (refusal === undefined) {
      gate.open()
      return connection
    }
    gate.refuse(refusal)
    this.#endSoon(connection, signal)
    throw refusal
  }

  /** Resolves when nobody is on the way out. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#leaving)
  }

  async #meet(wire: Wire, tools: Parameters<typeof MachineConnection.open>[1], signal: AbortSignal) {
    const { name } = wire.subject
    try {
      const connection = await MachineConnection.open(wire, tools, signal)
      this.#misfits.delete(name)
      return connection
    } catch (error) {
      if (isFault(error, 'Unsupported') && this.#misfits.get(name)?.message !== error.message) {
        this.#misfits.set(name, error)
        this.#parts.world.log.warn('a machine cannot be talked to', { machine: name, why: error.message })
      }
      throw error
    }
  }

  // The look and the taking in are one turn: of two that come at once one finds the other.
  async #refusalOf(connection: MachineConnection, signal: AbortSignal): Promise<Fault | undefined> {
    const boot = bootOf(connection)
    const { name } = connection.wire.subject
    for (;;) {
      const other = boot === undefined ? undefined : this.#otherStart(name, boot)
      if (other === undefined) break
      if (boot !== undefined && (await this.#answers(other, signal)))
        return this.#refused(connection, boot, other.wire.host)
      other.cut()
      this.#inside.delete(other)
    }
    if (boot !== undefined && this.#parts.hearing.isRefused(name, boot))
      return this.#refused(connection, boot, undefined)
    this.#inside.add(connection)
    void connection.done.then(() => this.#inside.delete(connection))
    return undefined
  }

  #refused({ wire }: MachineConnection, boot: string, there: string | undefined): Fault {
    const { hearing, world } = this.#parts
    const { name } = wire.subject
    if (hearing.duplicateOf(name) === undefined) {
      world.log.warn('two machines show one name: the later one is not let in', {
        name,
        first: there,
        later: wire.host,
      })
    }
    hearing.refuse(name, { boot, host: wire.host })
    return duplicate(name, there)
  }

  #otherStart(name: string, boot: string): MachineConnection | undefined {
    return Array.from(this.#inside).find(each => {
      const other = bootOf(each)
      return each.isOpen && each.wire.subject.name === name && other !== undefined && other !== boot
    })
  }

  // One that was switched off leaves a connection behind on which nobody answers.
  async #answers({ client }: MachineConnection, signal: AbortSignal): Promise<boolean> {
    const over = new AbortController()
    const late = this.#parts.world.clock.sleep(PROBE_MS, AbortSignal.any([signal, over.signal])).then(
      () => false,
      () => false,
    )
    const answered = client.call(clusterBeat, this.#parts.beat(), AbortSignal.any([signal, over.signal])).then(
      () => true,
      () => false,
    )
    try {
      return await Promise.race([answered, late])
    } finally {
      over.abort()
    }
  }

  // It is told why, in answer to whatever it asks.
  #endSoon(connection: MachineConnection, signal: AbortSignal): void {
    const { clock } = this.#parts.world
    const left = Promise.race([clock.sleep(REMOVED_TOLD_MS, signal).catch(() => undefined), connection.done]).then(
      () => {
        this.#leaving.delete(left)
        return connection[Symbol.asyncDispose]()
      },
    )
    this.#leaving.add(left)
  }
}

function bootOf({ client }: MachineConnection): string | undefined {
  return client.peer.machine?.boot
}

function duplicate(name: string, there: string | undefined): Fault {
  const where = there === undefined ? '' : `, at ${there}`
  return clusterFault('Duplicate', `another machine is in the cloud as ${name}${where}: this one is not let in`, {
    hint: 'Was its disk copied? Then give this one a data folder of its own, and join with a token. Else switch the other one off: 20 s later this one is let in.',
  })
}
