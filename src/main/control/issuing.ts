import { X509Certificate } from 'node:crypto'
import type { CertificateWish, IssuedCertificate } from '#api'
import { type World, whyOf } from '#base'
import { type Authority, type CertificateRequest, serialText } from '#identity'
import type { Keyspace } from '#keyspace'
import { isJsonObject } from '#schema'
import { CERTIFICATES_SWEEP_AT, PERSONAL_CERTIFICATE_MS } from '../limits.ts'
import type { Revocations } from './revocations.ts'
import { putNew, type Row, rowAt, rowsBelow } from './rows.ts'

/** `/identity/certificates/SERIAL` -> whose certificate it is, and until when, as JSON. */
const CERTIFICATES = '/identity/certificates/'

/** A client certificate that was issued. */
export interface LedgerEntry {
  readonly serial: string
  readonly user: string
  readonly groups: readonly string[]
  /** By what it was asked for, for people. */
  readonly from: string
  readonly issuedMs: number
  readonly expiresMs: number
  /** The token that it was asked for with, when that is used up by it. */
  readonly redeemed?: Redeemed
}

/** A token that was good for one certificate. */
export interface Redeemed {
  /** The id of the token. */
  readonly token: string
  /** Of the key that was certified: SHA-256, base64url. */
  readonly key: string
  /** When the token would have expired; until then the same key may ask again. */
  readonly untilMs: number
}

/** Whom a certificate is for; a client when nothing else is said. */
export type IssuingWish = CertificateWish & {
  readonly usage?: Exclude<CertificateRequest['usage'], 'server'>
  readonly redeemed?: Redeemed | undefined
  /** What a server is reached at; nothing when nothing is said. */
  readonly reached?: Pick<CertificateRequest, 'dnsNames' | 'addresses'> | undefined
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

  /** Signs a certificate, once it is remembered durably: nobody has one that is not known. */
  async issue(
    { user, groups, publicKey, from, usage = 'client', redeemed, reached = NOWHERE }: IssuingWish,
    signal: AbortSignal,
    lastsMs = PERSONAL_CERTIFICATE_MS,
  ): Promise<IssuedCertificate> {
    const issuedMs = Number(this.#world.clock.wallNs() / 1_000_000n)
    const expiresMs = issuedMs + lastsMs
    const bytes = this.#world.entropy.bytes(16)
    const serial = serialText(bytes)
    const more = redeemed === undefined ? {} : { redeemed }
    await this.#remember({ serial, user, groups, from, issuedMs, expiresMs, ...more }, signal)
    const order = {
      commonName: user,
      organizations: groups,
      usage,
      ...reached,
      // Clocks of two machines differ.
      notBefore: new Date(issuedMs - 300_000),
      notAfter: new Date(expiresMs),
      serial: bytes,
    }
    const certificatePem = await this.#authority.sign(order, publicKey)
    return { certificatePem, authorityPem: this.#authority.certificatePem, serial, issuedMs, expiresMs }
  }

  /** Remembers a certificate that is in use and may not be known. */
  async adopt(certificatePem: string, from: string, signal: AbortSignal): Promise<void> {
    const certificate = new X509Certificate(certificatePem)
    const { CN: user, O: groups } = certificate.toLegacyObject().subject
    await this.#remember(
      {
        serial: certificate.serialNumber.toLowerCase(),
        user: [user].flat().join(),
        groups: groups === undefined ? [] : [groups].flat(),
        from,
        issuedMs: Date.parse(certificate.validFrom),
        expiresMs: Date.parse(certificate.validTo),
      },
      signal,
    )
  }

  /** What is known of a certificate. */
  async find(serial: string, signal: AbortSignal): Promise<LedgerEntry | undefined> {
    const row = await rowAt(this.#keyspace, `${CERTIFICATES}${serial.toLowerCase()}`, signal)
    return row === undefined ? undefined : entryOf(row)
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

  async #remember(entry: LedgerEntry, signal: AbortSignal): Promise<void> {
    await putNew(this.#keyspace, `${CERTIFICATES}${entry.serial}`, entry, signal)
  }

  async #forget(entries: readonly LedgerEntry[], signal: AbortSignal): Promise<void> {
    const then = entries.map(({ serial }) => {
      return { kind: 'delete', keys: { kind: 'key', key: `${CERTIFICATES}${serial}` } } as const
    })
    await this.#keyspace.txn({ then }, signal)
  }
}

const NOWHERE = { dnsNames: [], addresses: [] }

function entryOf({ serial, user, groups, from, issuedMs, expiresMs, redeemed }: Row): LedgerEntry {
  const texts = Array.isArray(groups) ? groups.map(String) : []
  return {
    serial: String(serial),
    user: String(user),
    groups: texts,
    from: typeof from === 'string' ? from : '',
    issuedMs: Number(issuedMs),
    expiresMs: Number(expiresMs),
    ...redeemedIn(redeemed),
  }
}

function redeemedIn(value: Row[string]): { readonly redeemed?: Redeemed } {
  if (!isJsonObject(value)) return {}
  const { token, key, untilMs } = value
  if (typeof token !== 'string' || typeof key !== 'string') return {}
  return { redeemed: { token, key, untilMs: Number(untilMs) } }
}
