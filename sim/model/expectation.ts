import { differenceOf } from './compare.ts'
import { type FileChange, FileHistory } from './file-history.ts'
import type { Observed } from './observe.ts'
import { type Place, Tree, type TreeChange } from './tree.ts'
import { mustHold, Violation } from './violation.ts'

/** How the state that is about to be checked came about. */
export interface Found {
  readonly nodes: ReadonlyMap<number, Observed>
  /** The keyspace's revision as it was found after opening. */
  readonly revision: number
  /** Newer writes than that revision may be there: they were kept elsewhere. */
  readonly later: boolean
  /** Found by a new process: it is there now, whatever was open before. */
  readonly isNew: boolean
}

interface Doubt {
  readonly change: TreeChange
}

/** A tree that may be what was found, and the doubtful change that is in it. */
interface Candidate {
  readonly tree: Tree
  readonly change: TreeChange | undefined
}

/** What must be true of the filesystem, from all that was answered. */
export class Expectation {
  tree = new Tree()
  readonly files = new Map<number, FileHistory>()
  /** Files without a name that are held open. */
  readonly held = new Set<number>()
  /** Every revision up to this one is on the disk. */
  durableRevision = 0
  /** Operations under way on regular files. */
  readonly underWay = new Map<number, { readonly change: FileChange; readonly calledAt: number }>()
  /** Changes of names that may have happened: not answered, or answered EIO. */
  #doubts: Doubt[] = []
  #base = new Tree()
  readonly #touched: Place[] = []
  /** Change times as they were last seen. */
  readonly #ctimes = new Map<number, bigint>()
  #changes: { readonly revision: number; readonly change: TreeChange }[] = []

  file(ino: number): FileHistory {
    const file = this.files.get(ino)
    if (file === undefined) throw new Error(`the model has no file ${ino}`)
    return file
  }

  /** How many changes of names were answered in all. */
  get changesSoFar(): number {
    return this.#touched.length
  }

  /** Names of a directory that were changed after so many changes, or may be. */
  namesTouched(parent: number, since: number): ReadonlySet<string> {
    const places = [...this.#touched.slice(since), ...this.#doubts.flatMap(({ change }) => placesOf(change))]
    return new Set(places.filter(place => place.parent === parent).map(place => place.name))
  }

  /** Notes a change of names that was answered; it is in this revision. */
  changed(change: TreeChange, revision: number): void {
    this.tree.apply(change)
    this.#touched.push(...placesOf(change))
    this.#changes.push({ revision, change })
    if (change.kind === 'make' && change.node.kind === 'file')
      this.files.set(change.ino, new FileHistory(change.node.mode))
  }

  /** Nobody holds unlinked files any longer: opening without a mount removes them. */
  letGo(): void {
    this.held.clear()
    this.tree.dropOrphans(() => false)
  }

  /** A change is being asked for, or was answered in a way that leaves it open. */
  doubt(change: TreeChange): Doubt {
    const doubt = { change }
    this.#doubts.push(doubt)
    return doubt
  }

  resolved(doubt: Doubt): void {
    this.#doubts = this.#doubts.filter(other => other !== doubt)
  }

  /** Everything up to a revision is on the disk. */
  durable(revision: number): void {
    this.durableRevision = Math.max(this.durableRevision, revision)
    const settled = this.#changes.filter(each => each.revision <= this.durableRevision)
    for (const { change } of settled) this.#base.apply(change)
    this.#changes = this.#changes.slice(settled.length)
  }

  /** Checks what a process finds after another was killed or closed: everything that was answered. */
  checkKilled(found: Found): void {
    this.#interrupt()
    const match = this.#matching([{ tree: this.tree, change: undefined }, ...this.#withDoubts(this.tree, found)], found)
    this.tree = match.tree
    if (match.change !== undefined) this.#changes.push({ revision: found.revision, change: match.change })
    // What a process answered with EIO and does not show, the next one may still find in the log.
    if (found.isNew) this.#doubts = []
    this.#checkTimes(found)
    for (const { ino, file } of found.nodes.values()) {
      if (file === undefined) continue
      const history = this.#fileFound(ino, file.mode)
      const wrong = history.wrongNow(file)
      mustHold(wrong === undefined, () => `file ${ino}: ${wrong}`)
      if (history.isLoose && found.isNew) history.settled(file, found.revision + 1)
    }
  }

  /** Checks what is found after a power cut: a beginning of what was done, no shorter than what was made durable. */
  checkPowerCut(found: Found): void {
    this.#interrupt()
    const { revision } = found
    mustHold(
      revision >= this.durableRevision,
      () => `revision ${this.durableRevision} was durable, ${revision} is left`,
    )
    const tree = new Tree(this.#base)
    const kept = this.#changes.filter(each => each.revision <= revision)
    for (const { change } of kept) tree.apply(change)
    const isAll = kept.length === this.#changes.length
    tree.dropOrphans(ino => found.nodes.has(ino))
    const match = this.#matching([{ tree, change: undefined }, ...(isAll ? this.#withDoubts(tree, found) : [])], found)
    for (const { ino, file } of found.nodes.values()) {
      const wrong =
        file === undefined ? undefined : this.#fileFound(ino, file.mode).wrongAsOf(file, revision, found.later)
      mustHold(wrong === undefined, () => `file ${ino} at revision ${revision}: ${wrong}`)
    }
    this.#adopt(match.tree, found)
  }

  // However a clock jumps: what happened to a file later is not stamped earlier.
  #checkTimes({ nodes }: Found): void {
    for (const { ino, ctimeNs } of nodes.values()) {
      const before = this.#ctimes.get(ino) ?? ctimeNs
      mustHold(ctimeNs >= before, () => `change time of ${ino} went back from ${before} to ${ctimeNs}`)
      this.#ctimes.set(ino, ctimeNs)
    }
  }

  #interrupt(): void {
    for (const [ino, { change, calledAt }] of this.underWay) this.files.get(ino)?.perhaps(change, calledAt)
    this.underWay.clear()
  }

  #adopt(tree: Tree, { nodes, revision }: Found): void {
    this.tree = tree
    this.#ctimes.clear()
    this.#base = new Tree(tree)
    this.#changes = []
    this.#doubts = []
    this.durableRevision = revision
    for (const ino of this.files.keys()) if (!nodes.has(ino)) this.files.delete(ino)
    for (const { ino, file } of nodes.values()) if (file !== undefined) this.file(ino).adopt(file)
  }

  // A make that was never answered brings a file that nobody knows yet.
  #fileFound(ino: number, mode: number): FileHistory {
    const known = this.files.get(ino)
    if (known !== undefined) return known
    const history = new FileHistory(mode)
    this.files.set(ino, history)
    return history
  }

  #matching(candidates: readonly Candidate[], found: Found): Candidate {
    const differences: string[] = []
    for (const candidate of candidates) {
      const difference = differenceOf(candidate.tree, found.nodes)
      if (difference === undefined) return candidate
      differences.push(difference)
    }
    throw new Violation(`names at revision ${found.revision}: ${differences.join('; or ')}`)
  }

  #withDoubts(tree: Tree, found: Found): Candidate[] {
    return this.#doubts.flatMap(({ change }) => {
      const known = withFoundIno(change, found)
      if (known === undefined || tree.refusal(known) !== undefined) return []
      const changed = new Tree(tree)
      changed.apply(known)
      return [{ tree: changed, change: known }]
    })
  }
}

function placesOf(change: TreeChange): Place[] {
  if (change.kind === 'rename') return [change.from, change.to]
  return 'at' in change && change.at !== undefined ? [change.at] : []
}

function withFoundIno(change: TreeChange, { nodes }: Found): TreeChange | undefined {
  if (change.kind !== 'make' || change.at === undefined) return change.kind === 'make' ? undefined : change
  const ino = nodes.get(change.at.parent)?.names.get(change.at.name)
  return ino === undefined ? undefined : { ...change, ino }
}
