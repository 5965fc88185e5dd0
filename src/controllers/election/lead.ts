import { isFault, whyOf, type World } from '#base'
import type { Client, Place } from '#client'
import type { JsonObject, KubeObject } from '#schema'
import { LEASE_MS, LEASE_STEP_MS, LEASE_STOP_MS } from '../limits.ts'
import { microTimeText } from '../loop/times.ts'
import { LEASES } from '../resources.ts'
import { heldSpec, holderOf, nextStep, Sightings } from './plan.ts'

/** Who wants to lead, and by which lease. */
export interface Candidacy {
  readonly client: Pick<Client, 'find' | 'create' | 'update' | 'watch'>
  readonly world: Pick<World, 'clock' | 'log'>
  readonly lease: Place & { readonly namespace: string }
  /** Different for each process that ever runs. */
  readonly identity: string
  /** Runs each time the lease was taken or renewed; `sentMs` is when that was asked for. */
  readonly held?: ((sentMs: number) => void) | undefined
}

/** What is known when a term begins. */
export interface Term {
  /** When the lease was seen last to change in other hands, or this candidate began, monotonic: nobody else has renewed it since. */
  readonly othersMs: number
}

/**
 * Runs `work` whenever this candidate leads, until the signal aborts. The signal of `work` aborts before anybody else can
 * lead: LEASE_STOP_MS after the lease was last renewed, by the monotonic clock. Nobody leads twice at once, as long as clocks
 * run alike to a third. What `work` throws ends all.
 */
export async function lead(
  candidacy: Candidacy,
  work: (signal: AbortSignal, term: Term) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { clock, log } = candidacy.world
  const campaign = new Campaign(candidacy)
  const following = follow(campaign, candidacy, signal)
  while (!signal.aborted) {
    if (await campaign.step(signal)) {
      log.info('leading', { lease: candidacy.lease.name, identity: candidacy.identity })
      await term(campaign, candidacy, work, signal)
      log.info('no longer leading', { lease: candidacy.lease.name, identity: candidacy.identity })
    } else await clock.sleep(LEASE_STEP_MS, signal).catch(() => undefined)
  }
  await following
}

// A look may have to wait until etcd has another leader: what was told at once counts from then.
async function follow(campaign: Campaign, { client, world, lease }: Candidacy, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const after = campaign.version
    if (after !== undefined && after !== '') {
      const wanted = {
        namespace: lease.namespace,
        fields: `metadata.name=${lease.name}`,
        after,
        seconds: WATCH_SECONDS,
      }
      try {
        for await (const event of client.watch(LEASES, wanted, signal)) {
          if (event.kind !== 'bookmark' && event.kind !== 'deleted') campaign.told(event.object)
        }
      } catch (error) {
        if (!signal.aborted && !isFault(error)) throw error
      }
    }
    await world.clock.sleep(LEASE_STEP_MS, signal).catch(() => undefined)
  }
}

const WATCH_SECONDS = 300

// From being elected to having stopped.
async function term(
  campaign: Campaign,
  { world: { clock } }: Candidacy,
  work: (signal: AbortSignal, term: Term) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const end = new AbortController()
  const abort = (): void => end.abort(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  const kept = keep(campaign, clock, end)
  try {
    await work(end.signal, campaign)
  } finally {
    signal.removeEventListener('abort', abort)
    end.abort()
    await kept
  }
  await campaign.release()
}

// Renews until the end, and brings the end when the lease could not be renewed in time.
async function keep(campaign: Campaign, clock: World['clock'], end: AbortController): Promise<void> {
  const late = watchdog(campaign, clock, end)
  while (!end.signal.aborted) {
    await clock.sleep(LEASE_STEP_MS, end.signal).catch(() => undefined)
    if (end.signal.aborted) break
    if ((await campaign.step(end.signal)) === false && campaign.isLost) end.abort(new Error('somebody else leads'))
  }
  await late
}

async function watchdog(campaign: Campaign, clock: World['clock'], end: AbortController): Promise<void> {
  for (;;) {
    const leftMs = campaign.renewedMs + LEASE_STOP_MS - clock.monotonicMs()
    if (leftMs <= 0) end.abort(new Error('the lease could not be renewed in time'))
    if (end.signal.aborted) return
    await clock.sleep(leftMs, end.signal).catch(() => undefined)
  }
}

/** One candidate's view of the lease. */
class Campaign implements Term {
  readonly #candidacy: Candidacy
  readonly #sightings = new Sightings()
  /** The version in which this candidate gave it up last. */
  #written: string | undefined
  /** The newest version that was looked at. */
  version: string | undefined
  othersMs = Number.NEGATIVE_INFINITY
  /** When the request that renewed the lease last was sent. */
  renewedMs = Number.NEGATIVE_INFINITY
  /** True when the lease was seen in other hands. */
  isLost = false

  constructor(candidacy: Candidacy) {
    this.#candidacy = candidacy
  }

  /** The lease was changed, as a watch tells. */
  told(lease: KubeObject): void {
    this.#sightings.see(lease, this.#candidacy.world.clock.monotonicMs())
  }

  /** Takes the next step; true when this candidate holds the lease after it. */
  async step(signal: AbortSignal): Promise<boolean> {
    const { world, lease } = this.#candidacy
    try {
      const sentMs = await this.#hold(signal)
      this.isLost = sentMs === undefined
      if (sentMs === undefined) return false
      this.renewedMs = sentMs
      this.#candidacy.held?.(sentMs)
      return true
    } catch (error) {
      // Somebody was faster: the next look shows who.
      if (!signal.aborted && !isFault(error, 'Conflict') && !isFault(error, 'AlreadyExists')) {
        world.log.warn('a lease could not be renewed', { lease: lease.name, error: whyOf(error) })
      }
      return false
    }
  }

  /** Gives the lease up, so that another need not wait; as far as the API answers. */
  async release(): Promise<void> {
    const { client, lease, identity } = this.#candidacy
    const { signal } = new AbortController()
    try {
      const there = await client.find(LEASES, lease, signal)
      if (there === undefined || holderOf(there) !== identity) return
      const spec = { ...this.#heldSpec(there), holderIdentity: '' }
      this.#written = (await client.update(LEASES, { ...there, spec }, signal)).metadata.resourceVersion
    } catch (error) {
      if (!isFault(error)) throw error
    }
  }

  // When the request was sent that has made, taken or renewed it; what was looked at before may have come late.
  async #hold(signal: AbortSignal): Promise<number | undefined> {
    const { client, world, lease, identity } = this.#candidacy
    const there = await client.find(LEASES, lease, signal)
    const nowMs = world.clock.monotonicMs()
    const seen = this.#sightings.see(there, nowMs)
    this.version = seen.version
    const isOwn = there !== undefined && (holderOf(there) === identity || seen.version === this.#written)
    if (!isOwn) this.othersMs = Math.max(this.othersMs, seen.atMs)
    const step = nextStep(there, { identity, seen, nowMs })
    if (step === 'wait') return undefined
    const sentMs = world.clock.monotonicMs()
    const spec = this.#heldSpec(there)
    if (there === undefined) await client.create(LEASES, newLease(lease, spec), signal)
    else await client.update(LEASES, { ...there, spec }, signal)
    return sentMs
  }

  #heldSpec(there: KubeObject | undefined): JsonObject {
    const { identity, world } = this.#candidacy
    return heldSpec(there, { identity, lastsMs: LEASE_MS, time: microTimeText(world.clock) })
  }
}

function newLease(metadata: Place, spec: JsonObject): JsonObject {
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { ...metadata }, spec }
}
