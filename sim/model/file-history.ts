/** What one operation did to a regular file: its bytes from `offset` on are now `bytes`, its size and mode these. */
export interface FileChange {
  readonly offset: number
  readonly bytes: Buffer
  readonly size: number
  readonly mode: number
}

interface Version extends FileChange {
  /** The keyspace's revision when the operation was called: it can only be in later ones. */
  readonly calledAt: number
  /** It is in this revision at the latest; undefined while it may still be on its way. */
  landedBy: number | undefined
  /** For a write that failed or was never answered: it may be there in part, in full, or not at all. */
  readonly loose: boolean
  /** It says everything about the file: what was loose before it no longer matters. */
  readonly whole: boolean
}

/** A file as it was read. */
export interface FileFound {
  readonly size: number
  readonly mode: number
  readonly bytes: Buffer
  /** Ranges that could not be read because damage in them was reported. */
  readonly unreadable: readonly { readonly from: number; readonly to: number }[]
}

/**
 * A regular file's content, size and mode, and how it came there since it was last known to be durable. Says what may
 * be found after a crash: no byte may be older than the last version that is surely there, and none may be one that
 * was never written at its place.
 */
export class FileHistory {
  #base: FileChange
  #versions: Version[] = []
  /** Versions that went into the base. */
  #passed = 0
  #now: Buffer
  /** Places that could not be read when the content was taken for the truth: they may hold anything since. */
  #unknown: FileFound['unreadable'] = []
  size = 0
  mode: number

  constructor(mode: number) {
    this.mode = mode
    this.#now = Buffer.alloc(0)
    this.#base = { offset: 0, bytes: this.#now, size: 0, mode }
  }

  /** The content as it must be read now. */
  get content(): Buffer {
    return this.#now.subarray(0, this.size)
  }

  /** True when a write failed and its parts may be there. */
  get isLoose(): boolean {
    return this.#versions.some((version, index) => version.loose && index > this.#lastWhole(this.#versions.length))
  }

  /** True when it cannot be said byte for byte what the file holds. */
  get isUncertain(): boolean {
    return this.isLoose || this.#unknown.length > 0
  }

  /** Notes an answered operation. */
  change(change: FileChange, calledAt: number, landedBy: number | undefined): void {
    this.#versions.push({ ...change, calledAt, landedBy, loose: false, whole: false })
    // What settles later operations settles earlier ones: they were brought home first.
    if (landedBy !== undefined) this.landed(landedBy)
    this.#now = patched(this.#now, change)
    this.size = change.size
    this.mode = change.mode
  }

  /** Notes an operation that may have happened. */
  perhaps(change: FileChange, calledAt: number): void {
    this.#versions.push({ ...change, calledAt, landedBy: undefined, loose: true, whole: false })
  }

  /** Everything until now has reached the home by this revision. */
  landed(revision: number): void {
    for (const version of this.#versions) version.landedBy ??= revision
  }

  /** What has not surely reached the home may get there in part, in full, or not at all. */
  loosen(): void {
    this.#versions = this.#versions.map(each => (each.landedBy === undefined ? { ...each, loose: true } : each))
  }

  /** True when all of it is in this revision. */
  isWholeBy(revision: number): boolean {
    return this.#versions.every(({ landedBy, loose }) => !loose && (landedBy ?? revision + 1) <= revision)
  }

  /** A place in the history, for {@link durable}. */
  get mark(): number {
    return this.#passed + this.#versions.length
  }

  /** Everything up to a mark is on the disk, for good. */
  durable(mark: number): void {
    const count = mark - this.#passed
    const before = this.#versions.slice(0, Math.max(count, 0))
    if (before.some((version, index) => version.loose && index > this.#lastWhole(count))) return
    let base: Pick<FileChange, 'bytes' | 'size' | 'mode'> = this.#base
    for (const version of before.filter(each => !each.loose)) base = { ...version, bytes: patched(base.bytes, version) }
    this.#base = { offset: 0, bytes: base.bytes, size: base.size, mode: base.mode }
    this.#versions = this.#versions.slice(before.length)
    this.#passed += before.length
  }

  /** After failed or unanswered operations the file settled on this. */
  settled(found: FileFound, revision: number): void {
    this.landed(revision)
    this.#unknown = [...this.#unknown, ...found.unreadable]
    const { size, mode, bytes } = found
    const change = { offset: 0, bytes: Buffer.from(bytes), size, mode }
    this.#versions.push({ ...change, calledAt: 0, landedBy: revision, loose: false, whole: true })
    this.#now = change.bytes
    this.size = size
    this.mode = mode
  }

  /** Takes what was found for the truth, as after a crash. */
  adopt(found: FileFound): void {
    this.#unknown = [...this.#unknown, ...found.unreadable]
    this.#passed += this.#versions.length
    this.#versions = []
    this.#base = { offset: 0, bytes: Buffer.from(found.bytes), size: found.size, mode: found.mode }
    this.#now = Buffer.from(found.bytes)
    this.size = found.size
    this.mode = found.mode
  }

  /** Why the file may not be like this while nothing crashed, or after a kill: everything answered must be there. */
  wrongNow(found: FileFound): string | undefined {
    return this.#wrong(found, this.#versions.length, this.#versions.length)
  }

  /**
   * Why the file may not be like this when revisions up to this one survived a power cut; `later` when writes that were
   * not yet in a revision may be there too.
   */
  wrongAsOf(found: FileFound, revision: number, later: boolean): string | undefined {
    let sure = 0
    let possible = later ? this.#versions.length : 0
    for (const [index, version] of this.#versions.entries()) {
      if (version.landedBy !== undefined && version.landedBy <= revision && !version.loose) sure = index + 1
      if (version.calledAt < revision) possible = Math.max(possible, index + 1)
    }
    return this.#wrong(found, sure, Math.max(sure, possible))
  }

  #wrong(found: FileFound, sure: number, possible: number): string | undefined {
    const versions = this.#versions.slice(0, possible)
    let bytes = this.#base.bytes
    let { size, mode } = this.#base
    for (const version of versions.slice(0, sure).filter(each => !each.loose)) {
      bytes = patched(bytes, version)
      size = version.size
      mode = version.mode
    }
    const certain = this.#lastWhole(sure)
    const optional = versions.filter((version, index) => index >= sure || (version.loose && index > certain))
    const sizes = [size, ...optional.map(version => version.size)]
    const modes = [mode, ...optional.map(version => version.mode)]
    if (!modes.includes(found.mode))
      return `mode ${found.mode.toString(8)}, not ${modes.map(m => m.toString(8)).join(' or ')}`
    const [least, most] = [Math.min(...sizes), Math.max(...sizes)]
    if (found.size < least || found.size > most) return `size ${found.size}, not ${least} to ${most}`
    return this.#wrongBytes(found, { bytes, size, optional, least })
  }

  #lastWhole(end: number): number {
    return this.#versions.findLastIndex((version, index) => version.whole && index < end)
  }

  #wrongBytes(
    found: FileFound,
    allowed: { bytes: Buffer; size: number; optional: readonly Version[]; least: number },
  ): string | undefined {
    const whole = patched(allowed.bytes, { offset: 0, bytes: EMPTY, size: Math.max(found.size, allowed.size) })
    const expected = whole.subarray(0, found.size)
    if (expected.equals(found.bytes)) return undefined
    const right = new Uint8Array(found.size)
    for (const { from, to } of [...found.unreadable, ...this.#unknown]) right.fill(1, from, to)
    const allow = (values: Uint8Array, offset: number): void => {
      const end = Math.min(offset + values.byteLength, found.size)
      for (let at = offset; at < end; at++) if (found.bytes[at] === values[at - offset]) right[at] = 1
    }
    allow(expected, 0)
    for (const { offset, bytes } of allowed.optional) allow(bytes, offset)
    for (let at = allowed.least; at < found.size; at++)
      if (found.bytes[at] === 0 && allowed.optional.length > 0) right[at] = 1
    const wrong = right.indexOf(0)
    if (wrong < 0) return undefined
    const count = right.reduce((sum, value) => sum + (value === 0 ? 1 : 0), 0)
    return `${count} wrong bytes of ${found.size}, the first at ${wrong}: ${found.bytes[wrong]}, not ${expected[wrong]}`
  }
}

function patched(bytes: Buffer, { offset, bytes: patch, size }: Pick<FileChange, 'offset' | 'bytes' | 'size'>): Buffer {
  const next = Buffer.alloc(size)
  bytes.copy(next, 0, 0, Math.min(bytes.byteLength, size))
  patch.copy(next, Math.min(offset, size))
  return next
}

const EMPTY = Buffer.alloc(0)
