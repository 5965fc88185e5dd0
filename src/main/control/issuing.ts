import type { CertificateWish, IssuedCertificate } from '#api'
import { type World, whyOf } from '#base'
import { type Authority, serialText } from '#identity'
import type { Keyspace } from '#keyspace'
import { CERTIFICATES_SWEEP_AT, PERSONAL_CERTIFICATE_MS } from '../limits.ts'
import type { Revocations } from './revocations.ts'
import { putNew, type Row, rowsBelow } from './rows.ts'

/** `/identity/certificates/SERIAL` -> whose certificate it is, and until when, as JSON. */
const CERTIFICATES = '/identity/certificates/'

/** A client certificate that was issued. */
export interface LedgerEntry {
  readonly serial: string
  readonly user: string
  readonly groups: readonly string[]
  readonly issuedMs: number
  readonly expiresMs: number
}

/** Issues client certificates, and remembers each until it has expired: what is not known cannot be revoked by name. */
export class Issuing implements AsyncDisposable {
  readonly #keyspace: Keyspace
  readonly #authority: Authority
  readonly #world: World
  readonly #closing = new AbortController()
  readonly #ending = new Set<Promise<void>>()

  constructor(parts: { readonly keyspace: Keyspace; readonly authority: Authority; readonly world: World }) {
    this.#keyspace = parts.keyspace
    this.#authority = parts.authority
    this.#world = parts.world
  }

  /** Signs a certificate, once it is remembered durably. */
  async issue(
    { user, groups, publicKey }: CertificateWish,
    signal: AbortSignal,
    lastsMs = PERSONAL_CERTIFICATE_MS,
  ): Promise<IssuedCertificate> {
    const issuedMs = Number(this.#world.clock.wallNs() / 1_000_000n)
    const expiresMs = issuedMs + lastsMs
    const bytes = this.#world.entropy.bytes(16)
    const serial = serialText(bytes)
    await putNew(this.#keyspace, `${CERTIFICATES}${serial}`, { serial, user, groups, issuedMs, expiresMs }, signal)
    const order = {
      commonName: user,
      organizations: groups,
      usage: 'client' as const,
      dnsNames: [],
      addresses: [],
      // Clocks of two machines differ.
      notBefore: new Date(issuedMs - 300_000),
      notAfter: new Date(expiresMs),
      serial: bytes,
    }
    const certificatePem = await this.#authority.sign(order, publicKey)
    this.#world.log.info('a client certificate was issued', { user, groups, serial })
    return { certificatePem, authorityPem: this.#authority.certificatePem, serial, issuedMs, expiresMs }
  }

  /** Certificates that have not expired, the oldest first. */
  async list(signal: AbortSignal): Promise<readonly LedgerEntry[]> {
    const nowMs = Number(this.#world.clock.wallNs() / 1_000_000n)
    const entries = (await rowsBelow(this.#keyspace, CERTIFICATES, signal)).map(entryOf)
    const over = entries.filter(({ expiresMs }) => expiresMs <= nowMs)
    if (over.length >= CERTIFICATES_SWEEP_AT) await this.#forget(over.slice(0, CERTIFICATES_SWEEP_AT), signal)
    return entries.filter(({ expiresMs }) => expiresMs > nowMs)
  }

  /** Revokes every certificate that a user has now, in the background. What fails is told. */
  endAll(user: string, revocations: Pick<Revocations, 'revoke'>): void {
    const signal = this.#closing.signal
    const nowMs = Number(this.#world.clock.wallNs() / 1_000_000n)
    const run = async (): Promise<void> => {
      for (const entry of await this.list(signal)) {
        if (entry.user !== user || entry.issuedMs > nowMs) continue
        await revocations.revoke(entry.serial, `${user} has no record any more`, signal)
      }
    }
    const done = run()
      .catch((error: unknown) => {
        if (!signal.aborted) this.#world.log.warn('certificates could not be revoked', { user, why: whyOf(error) })
      })
      .finally(() => this.#ending.delete(done))
    this.#ending.add(done)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await Promise.all(this.#ending)
  }

  async #forget(entries: readonly LedgerEntry[], signal: AbortSignal): Promise<void> {
    const then = entries.map(({ serial }) => {
      return { kind: 'delete', keys: { kind: 'key', key: `${CERTIFICATES}${serial}` } } as const
    })
    await this.#keyspace.txn({ then }, signal)
  }
}

function entryOf({ serial, user, groups, issuedMs, expiresMs }: Row): LedgerEntry {
  const texts = Array.isArray(groups) ? groups.map(String) : []
  return {
    serial: String(serial),
    user: String(user),
    groups: texts,
    issuedMs: Number(issuedMs),
    expiresMs: Number(expiresMs),
  }
}
