import { apiFault, type IssuedCertificate, networkOf } from '#api'
import type { World } from '#base'
import { joinCode, type Knock, knockCommitment } from '#cluster'
import { mainFault } from '../../faults.ts'
import { KNOCK_MS, KNOCKS_MAX, KNOCKS_PER_NETWORK } from '../../limits.ts'

/** What a machine has shown that asks to be let in without a token. */
export type ShownKnock = NonNullable<Knock['shown']>

/** A machine that asks to be let in, as an administrator sees it. */
export interface WaitingMachine {
  readonly name: string
  /** What its people see on it too, if nobody is between. */
  readonly code: string
  readonly seenFrom: string
  readonly agoMs: number
}

/** One machine that asks. */
export interface KnockEntry {
  readonly answer: string
  readonly seenFrom: string
  readonly atMs: number
  /** Undefined until it has shown what it has committed to. */
  shown: { readonly name: string; readonly code: string } | undefined
  isApproved: boolean
  /** Lets it in, once. */
  admitting: Promise<IssuedCertificate> | undefined
}

/** What the code of a machine is made of, beside what it says. */
export interface KnockParts {
  readonly world: Pick<World, 'clock' | 'entropy'>
  readonly fingerprint: string
}

/** Machines that ask to be let in without a token: few, for five minutes, in memory. */
export class Knocks {
  readonly #parts: KnockParts
  readonly #entries = new Map<string, KnockEntry>()

  constructor(parts: KnockParts) {
    this.#parts = parts
  }

  /** A machine says what it commits to: it hears a nonce, the same each time. Faults: TooManyRequests. */
  begin(commitment: string, seenFrom: string): KnockEntry {
    this.#forget()
    const known = this.#entries.get(commitment)
    if (known !== undefined) return known
    const network = networkOf(seenFrom)
    const near = Array.from(this.#entries.values()).filter(each => networkOf(each.seenFrom) === network)
    if (this.#entries.size >= KNOCKS_MAX || near.length >= KNOCKS_PER_NETWORK) {
      throw apiFault('TooManyRequests', 'too many machines ask to be let in at this moment', {
        hint: 'Try again in five minutes, or join with a token: cairn token create --role node',
      })
    }
    const { clock, entropy } = this.#parts.world
    const answer = Buffer.from(entropy.bytes(16)).toString('base64url')
    const atMs = clock.monotonicMs()
    const entry = { answer, seenFrom, atMs, shown: undefined, isApproved: false, admitting: undefined }
    this.#entries.set(commitment, entry)
    return entry
  }

  /** It shows what it has committed to; `key` is that of its request. Faults: NotConfirmed (none such, or something else). */
  show(commitment: string, { name, nonce }: ShownKnock, key: string): KnockEntry {
    this.#forget()
    const entry = this.#entries.get(commitment)
    const isThis = knockCommitment({ name, key, nonce }) === commitment
    if (entry === undefined || !isThis) throw notConfirmed(name)
    const { fingerprint } = this.#parts
    entry.shown ??= { name, code: joinCode({ name, key, nonce, fingerprint, answer: entry.answer }) }
    return entry
  }

  /** It was not let in after all, or has what it came for. */
  end(commitment: string): void {
    this.#entries.delete(commitment)
  }

  /** Those that wait for an administrator. */
  waiting(): readonly WaitingMachine[] {
    this.#forget()
    const nowMs = this.#parts.world.clock.monotonicMs()
    return Array.from(this.#entries.values()).flatMap(({ shown, isApproved, seenFrom, atMs }) =>
      shown === undefined || isApproved ? [] : [{ ...shown, seenFrom, agoMs: Math.round(nowMs - atMs) }],
    )
  }

  /** An administrator has read this code on the machine: answers which it is. Faults: NotFound; Invalid (two have it: both go). */
  approve(code: string): WaitingMachine {
    const [machine, ...more] = this.waiting().filter(each => each.code === code)
    if (machine === undefined) {
      throw mainFault('NotFound', `no machine that asks to be let in has the code ${code}`, {
        hint: 'See who asks: cairn node approve. Is the code on that machine another one, somebody is between: let it not in.',
      })
    }
    for (const [commitment, { shown }] of this.#entries) {
      if (shown?.code === code && more.length > 0) this.#entries.delete(commitment)
    }
    if (more.length > 0) {
      throw mainFault('Invalid', `two machines have the code ${code}: both were refused`, { hint: 'Let it ask again.' })
    }
    const entry = Array.from(this.#entries.values()).find(each => each.shown?.code === code)
    if (entry !== undefined) entry.isApproved = true
    return machine
  }

  #forget(): void {
    const nowMs = this.#parts.world.clock.monotonicMs()
    for (const [commitment, { atMs }] of this.#entries) {
      if (nowMs - atMs >= KNOCK_MS) this.#entries.delete(commitment)
    }
  }
}

function notConfirmed(name: string): Error {
  return mainFault('NotConfirmed', `${name} was not confirmed within five minutes`, {
    hint: 'Ask again with `cairn join`, and confirm its code on a controller: cairn node approve CODE',
  })
}
