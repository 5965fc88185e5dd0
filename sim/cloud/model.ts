import { FileHistory } from '../model/file-history.ts'
import { mustHold } from '../model/violation.ts'

/** A regular file as it should be, whatever names it has. */
export class CloudFile {
  /** Undefined for one whose making was not answered, until it is found. */
  ino: number | undefined
  readonly history = new FileHistory(FILE_MODE)
  /** What is known of it is settled when all is calm again: nobody uses it until then. */
  isFrozen = false
  /** It was appended to when nobody knew where it ends: its content is whatever is found. */
  isOpenEnded = false
  /** The revision that the home was set back to, the earliest since it was settled. */
  cutAt: number | undefined
  isBusy = false
  /** It was closed before all of it was at the home. */
  leaves: { readonly isThere: () => boolean; readonly isLost: () => boolean } | undefined

  constructor(ino: number | undefined) {
    this.ino = ino
  }
}

interface NameVersion {
  readonly file: CloudFile | undefined
  /** The change is in a later revision than this one. */
  readonly calledAt: number
  /** It is in this revision. */
  readonly landedBy: number
  /** The machine that has made it. */
  readonly by: string
}

/** What a name leads to, and what it led to since that was durable. */
export class CloudName {
  readonly name: string
  isBusy = false
  /** What it may lead to while nobody knows; undefined: it is known. */
  #doubt: readonly (CloudFile | undefined)[] | undefined
  #base: CloudFile | undefined
  #versions: NameVersion[] = []
  readonly #ever = new Set<CloudFile | undefined>([undefined])

  constructor(name: string) {
    this.name = name
  }

  /** What it leads to as far as was answered. */
  get now(): CloudFile | undefined {
    const last = this.#versions.at(-1)
    return last === undefined ? this.#base : last.file
  }

  get isKnown(): boolean {
    return this.#doubt === undefined
  }

  change(version: NameVersion): void {
    this.#versions.push(version)
    this.#ever.add(version.file)
  }

  /** A change that was not answered: it is as before, or as it would be. */
  perhaps(file: CloudFile | undefined): void {
    this.#doubt = [...(this.#doubt ?? [this.now]), file]
    this.#ever.add(file)
  }

  /** Everything up to this revision is durable. */
  durable(revision: number): void {
    if (!this.isKnown) return
    const sure = this.#versions.findLastIndex(({ landedBy }) => landedBy <= revision) + 1
    const last = this.#versions[sure - 1]
    if (last !== undefined) this.#base = last.file
    this.#versions = this.#versions.slice(sure)
  }

  /** The home has only what is up to this revision; with `hasMore` also something of what later ones had. */
  cut(revision: number, hasMore: boolean): void {
    const sure = this.#versions.findLastIndex(({ landedBy }) => landedBy <= revision) + 1
    const possible = this.#versions.findLastIndex(({ calledAt }) => calledAt < revision) + 1
    if (sure === this.#versions.length && (this.isKnown || !hasMore)) return
    const left = hasMore ? this.#versions : this.#versions.slice(0, Math.max(sure, possible))
    const files = [this.#base, ...left.map(({ file }) => file)].slice(sure)
    this.#doubt = [...(this.#doubt ?? []), ...files]
  }

  /** What a machine has seen that others have made is durable up to this revision. */
  seenBy(machine: string): number {
    const last = this.#versions.at(-1)
    return last === undefined || last.by === machine ? 0 : last.calledAt + 1
  }

  /**
   * True for what it led to at some time since it was durable: a machine that stands in for the home may not have more. One that was cut
   * off from a single controller, with `isOld`, may have less: what it led to at any time.
   */
  wasPossible(ino: number | undefined, isOld: boolean): boolean {
    const since = [this.#base, ...this.#versions.map(({ file }) => file), ...(this.#doubt ?? [])]
    const files = isOld ? [...this.#ever, ...since] : since
    return files.some(file => file?.ino === ino || (file !== undefined && file.ino === undefined))
  }

  /** It leads to this file for good: somebody was told that it is durable. */
  pin(file: CloudFile): void {
    if (this.#doubt !== undefined) this.#doubt = [file]
  }

  /** Takes what was found for the truth, if it may be. */
  settle(ino: number | undefined): void {
    const allowed = this.#doubt ?? [this.now]
    const isNew = ino !== undefined && !allowed.some(each => each?.ino === ino)
    const file = allowed.find(each => each?.ino === ino && (each !== undefined) === (ino !== undefined))
    const made = isNew ? allowed.find(each => each !== undefined && each.ino === undefined) : undefined
    if (made !== undefined) made.ino = ino
    mustHold((file ?? made)?.ino === ino, () => {
      return `${this.name} leads to ${ino ?? 'nothing'}, not ${allowed.map(each => each?.ino ?? 'nothing').join(' or ')}`
    })
    this.#base = file ?? made
    this.#versions = []
    this.#doubt = undefined
  }
}

/** What must be true of the filesystem of a cloud. */
export class CloudModel {
  readonly names = new Map<string, CloudName>()
  readonly files = new Set<CloudFile>()
  /** Everything up to this revision of the home survives everything. */
  durableRevision = 0
  /** Counts how often the home was set back. */
  cuts = 0

  name(name: string): CloudName {
    const known = this.names.get(name)
    if (known !== undefined) return known
    const made = new CloudName(name)
    this.names.set(name, made)
    return made
  }

  /** What was closed on its way to the home is there by this revision, or may be lost with the session in which it was closed. */
  arrive(revision: number): void {
    for (const file of this.files) {
      const { leaves } = file
      if (leaves === undefined) continue
      if (leaves.isLost()) {
        Object.assign(file, { leaves: undefined, isFrozen: true })
        file.history.loosen()
      } else if (leaves.isThere()) {
        file.leaves = undefined
        file.history.landed(revision)
      }
    }
  }

  /** Everything up to this revision survives from now on. */
  durable(revision: number): void {
    if (revision <= this.durableRevision) return
    this.durableRevision = revision
    for (const name of this.names.values()) name.durable(revision)
  }

  /**
   * The home has begun anew after a power cut, or elsewhere, and has what was there up to this revision; with `hasMore` also something
   * that an earlier home had in later ones.
   */
  found(revision: number, hasMore: boolean): void {
    const { durableRevision } = this
    mustHold(revision >= durableRevision, () => `the home comes back at ${revision}; ${durableRevision} was durable`)
    this.cuts += 1
    for (const name of this.names.values()) name.cut(revision, hasMore)
    for (const file of this.files) {
      const { cutAt = Number.POSITIVE_INFINITY } = file
      if (file.cutAt === undefined && file.history.isWholeBy(revision)) continue
      Object.assign(file, { isFrozen: true, cutAt: Math.min(cutAt, revision) })
    }
  }
}

/** Of every file that is made. */
export const FILE_MODE = 0o644
