import type { Holders } from './holders.ts'
import type { Report } from './methods.ts'
import type { PoolParts } from './parts.ts'
import type { PoolView } from './view.ts'

/** How safe the chunks of a pool are, as far as the machines that answer know. */
export interface PoolStatus {
  /** One sentence for people. */
  readonly sentence: string
  /** True when everything has all its copies. */
  readonly isSafe: boolean
  readonly missingCopies: number
  readonly missingBytes: number
  /** Groups of chunks that some machine lacks. */
  readonly owingGroups: number
  readonly damagedChunks: number
  /** Chunks that files need and no machine holds; those that only machines may hold that do not answer. */
  readonly lostChunks: number
  readonly awayChunks: number
  /** Chunks that belong elsewhere and still lie where they are too. */
  readonly misplacedChunks: number
  /** What repair moves, and how long what is missing takes at this rate; undefined when nothing is, or nothing moves yet. */
  readonly bytesPerSecond: number
  readonly secondsLeft: number | undefined
  /** Machines that did not answer, or have not compared their copies since the machines changed. */
  readonly unknown: readonly string[]
  readonly machines: readonly MachineSafety[]
}

/** What hangs on one machine. */
export interface MachineSafety {
  readonly name: string
  /** What it keeps as copies. */
  readonly chunks: number
  readonly bytes: number
  /** Copies that others should have of that, and do not. */
  readonly missingCopies: number
  /** Groups of which chunks would be lost if it died now. */
  readonly groupsAlone: readonly number[]
  readonly chunksAlone: number
  /** All that it holds has its wanted copies elsewhere, or it is one of several: its plug may be pulled. */
  readonly isSafeToUnplug: boolean
}

/** Asks every machine and says what they know. Aborting ends the wait for those that do not answer. */
export async function poolStatus(
  parts: PoolParts,
  own: Report,
  holders: Holders,
  signal: AbortSignal,
): Promise<PoolStatus> {
  const view = parts.view()
  const both = AbortSignal.any([signal, parts.signal])
  const asked = view.others.filter(name => view.stateOf(name) !== 'Offline')
  const reports = new Map<string, Report>([[view.own, own]])
  await Promise.all(
    asked.map(async name => {
      const report = await holders
        .get(name)
        .report(both)
        .catch(() => undefined)
      if (report !== undefined) reports.set(name, report)
    }),
  )
  return statusOf(view, reports)
}

/** What these reports say together. */
export function statusOf(view: PoolView, reports: ReadonlyMap<string, Report>): PoolStatus {
  const names = view.isAlone ? [] : [view.own, ...view.others].filter(name => !view.lost.has(name))
  const unknown = names.filter(name => reports.get(name)?.view !== view.name)
  const all = [...reports.values()]
  const { copies: missingCopies, bytes: missingBytes, groups: owingGroups } = missingOf(all)
  const total = (of: (report: Report) => number) => all.reduce((sum, report) => sum + of(report), 0)
  const bytesPerSecond = total(report => report.bytesPerSecond)
  const damagedChunks = total(report => report.damagedChunks)
  const [lostChunks, awayChunks] = [total(report => report.lostChunks), total(report => report.awayChunks)]
  const facts = {
    isSafe: unknown.length === 0 && missingCopies + damagedChunks + lostChunks + awayChunks === 0,
    missingCopies,
    missingBytes,
    owingGroups,
    damagedChunks,
    lostChunks,
    awayChunks,
    misplacedChunks: total(report => report.misplacedChunks),
    bytesPerSecond,
    secondsLeft: missingCopies === 0 || bytesPerSecond === 0 ? undefined : Math.ceil(missingBytes / bytesPerSecond),
    unknown,
    machines: Array.from(reports, ([name, report]) => safetyOf(view, name, report, damagedChunks)),
  }
  const missing = missingAt(reports)
  const refused = view.shortfall === undefined ? '' : ` Nothing new is acknowledged (EIO): ${view.shortfall}.`
  return { sentence: sentenceOf(view, facts, missing) + refused, ...facts }
}

// Several machines may tell of the same copies: what one of them knows best counts.
function missingOf(reports: readonly Report[]): { copies: number; bytes: number; groups: number } {
  const groups = new Set<number>()
  const rows = new Map<string, { chunks: number; bytes: number }>()
  for (const { missing } of reports) {
    for (const { group, machine, chunks, bytes } of missing) {
      groups.add(group)
      const known = rows.get(`${group} ${machine}`)
      if (known === undefined || known.chunks < chunks) rows.set(`${group} ${machine}`, { chunks, bytes })
    }
  }
  let [copies, bytes] = [0, 0]
  for (const row of rows.values()) {
    copies += row.chunks
    bytes += row.bytes
  }
  return { copies, bytes, groups: groups.size }
}

function safetyOf(view: PoolView, name: string, report: Report, damagedChunks: number): MachineSafety {
  const isKnown = report.view === view.name
  // What was found damaged elsewhere since this machine compared may be whole here alone.
  const isNeeded = report.chunks > 0 && damagedChunks > report.damagedChunks
  const isElsewhere = report.aloneChunks === 0 && report.missing.length === 0 && report.misplacedChunks === 0
  const { chunks, bytes, alone: groupsAlone, aloneChunks: chunksAlone } = report
  const missingCopies = report.missing.reduce((sum, row) => sum + row.chunks, 0)
  const isSafeToUnplug = isKnown && isElsewhere && !isNeeded && !view.isAlone
  return { name, chunks, bytes, missingCopies, groupsAlone, chunksAlone, isSafeToUnplug }
}

// What nobody has, and at which homes it is known of which files it is.
function missingAt(reports: ReadonlyMap<string, Report>): string[] {
  const said: string[] = []
  for (const [name, { lostChunks, awayChunks }] of reports) {
    const are = (count: number) => counted(count, 'chunk that files need is', 'chunks that files need are')
    const which = `(of which files: cairn doctor on ${name})`
    if (lostChunks > 0) said.push(`${are(lostChunks)} on no machine ${which}`)
    if (awayChunks > 0) said.push(`${are(awayChunks)} on no machine that answers ${which}`)
  }
  return said
}

function sentenceOf(view: PoolView, facts: Omit<PoolStatus, 'sentence'>, missing: readonly string[]): string {
  const away = view.others.filter(name => view.stateOf(name) === 'Offline')
  const said = missing.slice(0, NAMED_MAX)
  if (facts.missingCopies > 0) {
    const time = facts.secondsLeft === undefined ? '' : `, about ${spoken(facts.secondsLeft)} to go`
    said.push(`${counted(facts.missingCopies, 'copy', 'copies')} missing, being made${time}`)
  }
  if (facts.damagedChunks > 0)
    said.push(`${counted(facts.damagedChunks, 'damaged chunk', 'damaged chunks')} not yet put right`)
  const waiting = away.filter(name => !view.lost.has(name))
  if (waiting.length > 0) said.push(`${named(waiting)} away: its copies are made elsewhere if it does not come back`)
  const silent = facts.unknown.filter(name => !away.includes(name))
  if (silent.length > 0) said.push(`${named(silent)} still comparing`)
  const alone = facts.machines
    .filter(({ chunksAlone }) => chunksAlone > 0 && !view.isAlone)
    .sort((a, b) => b.chunksAlone - a.chunksAlone)
  for (const { name, chunksAlone } of alone.slice(0, NAMED_MAX)) {
    said.push(`${counted(chunksAlone, 'chunk is', 'chunks are')} lost if ${name} dies now`)
  }
  if (alone.length > NAMED_MAX) said.push(`so it is with ${alone.length - NAMED_MAX} more machines`)
  if (view.isAlone)
    return said.length === 0 ? 'All data is on this machine alone.' : `On this machine alone: ${said.join('; ')}.`
  if (said.length === 0) return `All data is safe: everything has its ${counted(view.wantedCopies, 'copy', 'copies')}.`
  const isWhole = alone.length === 0 && facts.damagedChunks === 0 && facts.awayChunks === 0
  const known =
    silent.length === 0 ? 'Data is safe, but not all copies are there' : 'It is not known yet whether all data is safe'
  return `${facts.lostChunks > 0 ? 'Data is missing' : isWhole ? known : 'Data is at risk'}: ${said.join('; ')}.`
}

// However many there are, it is a sentence.
function named(names: readonly string[]): string {
  const more = names.length - NAMED_MAX
  return more <= 0 ? names.join(', ') : `${names.slice(0, NAMED_MAX).join(', ')} and ${more} more`
}

const NAMED_MAX = 10

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}

function spoken(seconds: number): string {
  if (seconds < 90) return `${seconds} s`
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`
}
