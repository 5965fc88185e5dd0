import type { Nat } from '#cluster'
import { DIRECT_FIRST_MS, RELAY_AGAIN_MS, RELAY_MS, TRY_LATER_MS, TRY_MS, TRY_QUICKLY_MS } from '../limits.ts'
import type { OtherSaid, Path } from '../methods/meeting.ts'
import { type Echoes, NO_ECHOES, rttOf } from './echoes.ts'
import { scoreOf } from './score.ts'

/** How this machine reaches one other. Times are monotonic milliseconds of this process. */
export interface Way {
  readonly name: string
  /** Echoes of the direct way, which is measured also while another is used. */
  readonly direct: Echoes
  /** Echoes over the relay, since it is used. */
  readonly relayed: Echoes
  /** The machine that carries packets; undefined: they go directly. */
  readonly via: string | undefined
  readonly viaSinceMs: number
  /** When the other end has said so itself, which counts more than what controllers have heard before. */
  readonly directSaidMs: number
  /** Since when there is no direct way. */
  readonly soughtSinceMs: number
  /** The endpoint that is tried, since when, and what had come from there then. */
  readonly trial: { readonly index: number; readonly sinceMs: number; readonly rxBytes: number; readonly held: number }
  /** Relays that did not carry, and until when they are left alone. */
  readonly failed: ReadonlyMap<string, number>
}

/** A way that nobody has tried yet. */
export function newWay(name: string, nowMs: number): Way {
  const trial = { index: 0, sinceMs: nowMs, rxBytes: 0, held: 0 }
  const times = { viaSinceMs: nowMs, soughtSinceMs: nowMs, directSaidMs: Number.NEGATIVE_INFINITY }
  return { name, direct: NO_ECHOES, relayed: NO_ECHOES, via: undefined, ...times, trial, failed: new Map() }
}

/** How packets go. */
export function pathOf({ via, direct }: Way): Path {
  if (via !== undefined) return 'relayed'
  return direct.isWell ? 'direct' : 'none'
}

/** A machine that may carry packets to another. */
export interface Relay {
  readonly name: string
  /** From here to it. */
  readonly rttMs: number | undefined
  readonly nat: Nat
}

/** What is known when a way is chosen. */
export interface WayFacts {
  readonly nowMs: number
  readonly own: string
  /** What the machine at its other end has said. */
  readonly said: OtherSaid | undefined
  /** Machines that this one reaches directly and that carry packets. */
  readonly relays: readonly Relay[]
}

/**
 * The way after looking at it: of the two at its ends the one with the earlier name chooses, the other follows, for packets
 * are only taken from where they are sent to. Direct whenever that works; else, after a while, the best relay.
 */
export function nextWay(way: Way, facts: WayFacts): Way {
  const { nowMs } = facts
  const failed = new Map([...way.failed].filter(([, untilMs]) => untilMs > nowMs))
  if (way.via !== undefined && isBroken(way, facts)) failed.set(way.via, nowMs + RELAY_AGAIN_MS)
  const looked = { ...way, failed, soughtSinceMs: way.direct.isWell ? nowMs : way.soughtSinceMs }
  const via = facts.own < way.name ? chosen(looked, facts) : followed(looked, facts)
  return via === way.via ? looked : { ...looked, via, viaSinceMs: nowMs, relayed: NO_ECHOES }
}

function isBroken({ via, viaSinceMs, relayed }: Way, { nowMs, relays }: WayFacts): boolean {
  if (!relays.some(({ name }) => name === via)) return true
  return !relayed.isWell && nowMs - viaSinceMs > RELAY_MS
}

function chosen(way: Way, facts: WayFacts): string | undefined {
  if (way.direct.isWell) return undefined
  if (way.via !== undefined && !way.failed.has(way.via)) return way.via
  if (facts.nowMs - way.soughtSinceMs < DIRECT_FIRST_MS) return way.via
  return bestRelay(way, facts)
}

function followed(way: Way, { nowMs, said, relays }: WayFacts): string | undefined {
  if (nowMs - way.directSaidMs < SAID_LATE_MS) return undefined
  const { path, via } = said?.way ?? {}
  if (path === 'direct') return undefined
  if (path === 'relayed' && relays.some(({ name }) => name === via)) return via
  return way.via
}

/** The way of who follows, as soon as the other end has said that its packets come directly. */
export function followDirect(way: Way, nowMs: number): Way {
  return { ...way, via: undefined, viaSinceMs: nowMs, relayed: NO_ECHOES, directSaidMs: nowMs }
}

// The best by score, with the way there and on; of equals the first by name, so that the choice stays.
function bestRelay(way: Way, { said, relays }: WayFacts): string | undefined {
  const onward = new Map(said?.direct.map(({ name, rttMs }) => [name, rttMs]))
  const rows = relays
    .filter(({ name }) => name !== way.name && onward.has(name) && !way.failed.has(name))
    .map(({ name, nat, rttMs }) => ({ name, score: scoreOf(nat, sum(rttMs, onward.get(name))) }))
  rows.sort((a, b) => b.score - a.score || (a.name < b.name ? -1 : 1))
  return rows[0]?.name
}

function sum(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : one + other
}

/** What comes of looking whether another endpoint is to be tried. */
export interface TrialStep {
  readonly way: Way
  /** The endpoint that packets go to from now on; undefined: as it is. */
  readonly endpoint: string | undefined
}

/** Tries the endpoints of a machine one after the other while there is no direct way; quickly at first. */
export function nextTrial(
  way: Way,
  candidates: readonly string[],
  { nowMs, rxBytes }: { readonly nowMs: number; readonly rxBytes: number },
): TrialStep {
  const { index, sinceMs, held } = way.trial
  const everyMs = nowMs - way.soughtSinceMs < TRY_QUICKLY_MS ? TRY_MS : TRY_LATER_MS
  if (way.direct.isWell || candidates.length === 0 || nowMs - sinceMs < everyMs) return { way, endpoint: undefined }
  // It says something: to begin anew now would throw away what it has just agreed on.
  const isHeard = rxBytes > way.trial.rxBytes && held < HELD_MAX
  if (isHeard)
    return { way: { ...way, trial: { index, sinceMs: nowMs, rxBytes, held: held + 1 } }, endpoint: undefined }
  const next = (index + 1) % candidates.length
  const trial = { index: next, sinceMs: nowMs, rxBytes: 0, held: 0 }
  return { way: { ...way, trial }, endpoint: candidates[next] }
}

const HELD_MAX = 3

// By then controllers have heard it too.
const SAID_LATE_MS = 20_000

/** The milliseconds to a machine and back over the way that is used. */
export function rttOver({ via, direct, relayed }: Way): number | undefined {
  return rttOf(via === undefined ? direct : relayed)
}
