import {
  type Answer,
  type Caller,
  ERRNO,
  errnoName,
  type Ino,
  isErrno,
  type Reply,
  ROOT_INO,
  type Vfs,
} from '#storage/fs'
import { answerOf } from '../model/observe.ts'
import { mustHold } from '../model/violation.ts'
import type { Random } from '../random.ts'
import { CloudFile, type CloudModel, type CloudName, FILE_MODE } from './model.ts'

/** What programs of a cloud work with. */
export interface CloudSetting {
  readonly model: CloudModel
  readonly random: Random
  /** True when nothing goes wrong: then nothing may be refused. */
  readonly isCalm: boolean
  /** The newest revision of the home, or the last that was known. */
  readonly revision: number
  /** True with a single controller: who is cut off from it cannot know what it misses. */
  readonly isAlone: boolean
  /** Bytes that the filesystem may hold; undefined: as many as there is room for. */
  readonly limit: number | undefined
  /** A process through which programs use the filesystem now. */
  anybody(): Process | undefined
  note(line: string): void
  /** A program on this machine asks for something now. */
  asks(machine: string): void
  pause(ms: number): Promise<void>
  /** A higher one each time, as kernels number requests. */
  nextRequest(): number
}

/** The process through which a program uses the filesystem; it ends with it. */
export interface Process {
  readonly name: string
  readonly vfs: Vfs
  /** The home of the filesystem is in it. */
  readonly isHome: boolean
  /** How often others have answered for a home that was silent. */
  readonly standIns: number
  /** How often its session was over at the home. */
  readonly lostSessions: number
  /** True while something of a file is not at the home. */
  isUnlanded(ino: Ino): boolean
  readonly gone: Promise<'gone'>
  readonly isOver: boolean
  /** Power cuts of the home before the program began. */
  readonly cuts: number
}

const CALLER: Caller = { uid: 1000, gid: 1000, umask: 0 }
const NAMES = Array.from({ length: 12 }, (_, index) => `f${index}`)
const FILE_BYTES_MAX = 400_000
/** Of one write. */
export const WRITE_BYTES_MAX = 140_000

/** One program on a machine does one thing with the files of the cloud, and somebody may look at once at what it has closed. */
export async function act(setting: CloudSetting, machine: Process): Promise<void> {
  const { random } = setting
  const name = setting.model.name(random.pick(NAMES))
  if (!isFree(setting, name)) return
  const kind = random.weighted(ACTS)
  if (kind === 'write') {
    await using(name, () => write(setting, machine, name))
    const other = random.chance(0.3) ? setting.anybody() : undefined
    if (other !== undefined && isFree(setting, name)) await using(name, () => read(setting, other, name))
  }
  if (kind === 'read') await using(name, () => read(setting, machine, name))
  if (kind === 'remove') await using(name, () => remove(setting, machine, name))
  if (kind === 'rename') {
    const to = setting.model.name(random.pick(NAMES))
    if (to !== name && isFree(setting, to))
      await using(name, () => using(to, () => rename(setting, machine, { name, to })))
  }
}

const ACTS = { write: 10, read: 8, remove: 2, rename: 2 }

function isFree({ model, revision }: CloudSetting, { isBusy, isKnown, now }: CloudName): boolean {
  model.arrive(revision)
  return !isBusy && isKnown && now?.isFrozen !== true
}

async function using(name: CloudName, work: () => Promise<void>): Promise<void> {
  name.isBusy = true
  await work()
  name.isBusy = false
}

/**
 * What came of a call: `gone` with its machine's process, `failed` when nobody knows what became of it, `full` when limits refuse it and
 * nothing was done.
 */
type Outcome<Value> = { readonly value: Value } | 'gone' | 'failed' | 'full'

// The next call that changes something is asked for by this caller, once.
function asCaller(setting: CloudSetting, vfs: Vfs): Vfs {
  vfs.request(setting.nextRequest(), false, CALLER)
  return vfs
}

// What a power cut of the home has taken back is not there, or there again.
function isTakenBack({ model }: CloudSetting, answer: number, cuts: number): boolean {
  return (answer === ERRNO.ENOENT || answer === ERRNO.EEXIST) && cuts !== model.cuts
}

async function call<Value>(
  setting: CloudSetting,
  machine: Process,
  what: string,
  run: (vfs: Vfs) => Reply<Value>,
): Promise<Outcome<Value>> {
  const outcome = await grow(setting, machine, what, run)
  mustHold(outcome !== 'full', () => `${machine.name} ${what} answers EDQUOT`)
  return outcome
}

// The same for what limits may refuse.
async function grow<Value>(
  setting: CloudSetting,
  machine: Process,
  what: string,
  run: (vfs: Vfs) => Reply<Value>,
): Promise<Outcome<Value>> {
  if (machine.isOver) return 'gone'
  setting.asks(machine.name)
  const answer: Answer<Value> | 'gone' = await Promise.race([answerOf(() => run(machine.vfs)), machine.gone])
  setting.note(
    `${machine.name} ${what}: ${answer === 'gone' ? answer : isErrno(answer) ? errnoName(answer) : 'ok'} (revision ${setting.revision})`,
  )
  if (answer === 'gone') return 'gone'
  if (!isErrno(answer)) return { value: answer }
  if (answer === ERRNO.EDQUOT && setting.limit !== undefined) return 'full'
  const isExcused =
    !setting.isCalm && (answer === ERRNO.EIO || answer === ERRNO.ESTALE || isTakenBack(setting, answer, machine.cuts))
  mustHold(isExcused, () => `${machine.name} ${what} answers ${errnoName(answer)}`)
  return 'failed'
}

// A name as this machine sees it must lead where it was last said to lead.
async function look(setting: CloudSetting, machine: Process, name: CloudName): Promise<boolean> {
  const { model } = setting
  const { cuts } = model
  const { standIns } = machine
  const wanted = name.now?.ino
  const seen = await call(setting, machine, `looks ${name.name} up`, async vfs => {
    const found = await vfs.lookup(ROOT_INO, name.name)
    return found === ERRNO.ENOENT ? { ino: undefined } : found
  })
  if (typeof seen === 'string' || cuts !== model.cuts) return false
  if (machine.standIns !== standIns) {
    mustHold(name.wasPossible(seen.value.ino, setting.isAlone), () => {
      return `${machine.name} is told of ${seen.value.ino ?? 'nothing'} at ${name.name}, which never was there`
    })
    return false
  }
  mustHold(seen.value.ino === wanted, () => {
    return `${machine.name} finds ${seen.value.ino ?? 'nothing'} at ${name.name}, not ${wanted ?? 'nothing'}`
  })
  if (!machine.isHome) model.durable(name.seenBy(machine.name))
  return true
}

async function write(setting: CloudSetting, machine: Process, name: CloudName): Promise<void> {
  const file = name.now ?? (await make(setting, machine, name))
  if (file === undefined || file.isBusy || !(await look(setting, machine, name))) return
  file.isBusy = true
  await new Writing(setting, machine, { name, file }).run()
  file.isBusy = false
}

async function make(setting: CloudSetting, machine: Process, name: CloudName): Promise<CloudFile | undefined> {
  const { model, revision: calledAt } = setting
  const { cuts } = model
  const node = { kind: 'file', mode: FILE_MODE } as const
  const run = (vfs: Vfs) => asCaller(setting, vfs).make(ROOT_INO, name.name, node, CALLER)
  const made = await grow(setting, machine, `makes ${name.name}`, run)
  if (made === 'full' && cuts === model.cuts) return undefined
  const file = new CloudFile(typeof made === 'string' ? undefined : made.value.ino)
  model.files.add(file)
  if (typeof made === 'string' || cuts !== model.cuts) {
    name.perhaps(file)
    return undefined
  }
  name.change({ file, calledAt, landedBy: setting.revision, by: machine.name })
  return file
}

/** One program has a file open, writes to it, and closes it. */
class Writing {
  readonly #setting: CloudSetting
  readonly #machine: Process
  readonly #name: CloudName
  readonly #file: CloudFile
  readonly #ino: Ino
  readonly #cuts: number

  constructor(setting: CloudSetting, machine: Process, place: { name: CloudName; file: CloudFile }) {
    this.#setting = setting
    this.#machine = machine
    this.#name = place.name
    this.#file = place.file
    this.#ino = place.file.ino as Ino
    this.#cuts = setting.model.cuts
  }

  async run(): Promise<void> {
    const ino = this.#ino
    const options = { truncate: false, killPrivileges: false, access: 'write' } as const
    const opened = await this.#call(`opens ${ino}`, vfs => asCaller(this.#setting, vfs).open(ino, options))
    if (typeof opened === 'string') return
    const { model, random, revision } = this.#setting
    // Who closed it before may have been lost while this program was looking.
    model.arrive(revision)
    let isWell = !this.#file.isFrozen
    for (let steps = random.between(1, 4); steps > 0 && isWell; steps--) {
      // Where it would write after the home was set back, nobody can say; that it is told so when it syncs, it must be.
      isWell = await this[this.#isCut ? 'sync' : random.weighted(STEPS)]()
      if (isWell && random.chance(0.4))
        await this.#setting.pause(random.fraction() * random.pick([THINK_MS, 4 * THINK_MS]))
    }
    await this.#close()
  }

  async append(): Promise<boolean> {
    return this.#write(this.#file.history.size, true)
  }

  async write(): Promise<boolean> {
    return this.#write(this.#setting.random.below(this.#file.history.size + 1), false)
  }

  async truncate(): Promise<boolean> {
    const { history } = this.#file
    const size = this.#setting.random.below(Math.min(history.size + 5_000, FILE_BYTES_MAX))
    const change = {
      offset: Math.min(size, history.size),
      bytes: Buffer.alloc(Math.max(0, size - history.size)),
      size,
      mode: FILE_MODE,
    }
    const ino = this.#ino
    return this.#change(`cuts ${ino} at ${size}`, { change, isHome: true }, vfs =>
      asCaller(this.#setting, vfs).setAttributes(ino, { size }, CALLER),
    )
  }

  /** What is read is what was written, whoever may have heard of it. */
  async read(): Promise<boolean> {
    return readWhole(this.#setting, this.#machine, this.#file, this.#cuts)
  }

  async sync(): Promise<boolean> {
    const { model, revision } = this.#setting
    const { history } = this.#file
    const { mark } = history
    const { cuts } = model
    const synced = await this.#call(`syncs ${this.#ino}`, vfs => vfs.sync(this.#ino, 'all'))
    if (typeof synced === 'string') return false
    this.#landed()
    history.durable(mark)
    this.#name.pin(this.#file)
    if (cuts === model.cuts) model.durable(revision)
    return true
  }

  async #write(offset: number, isAppended: boolean): Promise<boolean> {
    const { random } = this.#setting
    const { history } = this.#file
    const count = Math.min(random.pick([10, 700, 5_000, 17_000, 70_000, WRITE_BYTES_MAX]), FILE_BYTES_MAX - offset)
    if (count <= 0) return true
    // What was collected, or is about to be, is put again now and then.
    const isKnown = offset === 0 && count === WRITE_BYTES_MAX && random.chance(0.5)
    const bytes = isKnown ? KNOWN : random.bytes(count)
    const change = { offset, bytes, size: Math.max(history.size, offset + count), mode: FILE_MODE }
    const how = { append: isAppended, killPrivileges: false }
    const what = `${isAppended ? 'appends to' : 'writes'} ${this.#ino} ${offset}+${count}`
    const isHome = isAppended && !this.#machine.isHome
    return this.#change(what, { change, isHome, isAppended }, vfs =>
      asCaller(this.#setting, vfs).write(this.#ino, offset, Uint8Array.from(bytes), how),
    )
  }

  async #change(
    what: string,
    { change, isHome, isAppended = false }: Changing,
    run: (vfs: Vfs) => Reply<unknown>,
  ): Promise<boolean> {
    const { history } = this.#file
    const calledAt = this.#setting.revision
    const done = this.#known(await grow(this.#setting, this.#machine, what, run))
    if (done === 'full' && !this.#isCut) return true
    if (typeof done === 'string' || this.#isCut) {
      history.perhaps(change, 0)
      if (isAppended && this.#isCut) this.#file.isOpenEnded = true
      this.#freeze()
      return typeof done !== 'string'
    }
    history.change(change, calledAt, isHome ? this.#setting.revision : undefined)
    return true
  }

  // As close(2): from now on everybody who opens the file sees all of it.
  async #close(): Promise<void> {
    const { vfs, isHome } = this.#machine
    const flushed = isHome ? DONE : await this.#call(`closes ${this.#ino}`, client => client.flush(this.#ino))
    vfs.release(this.#ino)
    if (typeof flushed === 'string') return
    if (isHome) return
    if (this.#machine.isUnlanded(this.#ino)) this.#file.leaves = this.#leaving()
    else this.#landed()
  }

  // Who opens it sees all of it, as long as the session lives in which it was closed.
  #leaving(): NonNullable<CloudFile['leaves']> {
    const machine = this.#machine
    const { lostSessions } = machine
    return {
      isThere: () => !machine.isUnlanded(this.#ino),
      isLost: () => machine.isOver || machine.vfs.ttlMs === 0 || machine.lostSessions !== lostSessions,
    }
  }

  #landed(): void {
    this.#file.leaves = undefined
    if (!this.#isCut && !this.#file.isFrozen) this.#file.history.landed(this.#setting.revision)
  }

  get #isCut(): boolean {
    return this.#cuts !== this.#setting.model.cuts
  }

  async #call<Value>(what: string, run: (vfs: Vfs) => Reply<Value>): Promise<Outcome<Value>> {
    return this.#known(await call(this.#setting, this.#machine, what, run))
  }

  #known<Value>(outcome: Outcome<Value>): Outcome<Value> {
    if (typeof outcome === 'string' && outcome !== 'full') this.#freeze()
    return outcome
  }

  // What was not brought home may be there or not.
  #freeze(): void {
    this.#file.isFrozen = true
    this.#file.history.loosen()
  }
}

interface Changing {
  readonly change: Parameters<CloudFile['history']['change']>[0]
  /** It is at the home when it is answered. */
  readonly isHome: boolean
  readonly isAppended?: boolean
}

const STEPS = { write: 5, append: 3, truncate: 1, sync: 4, read: 2 } as const
const KNOWN = Buffer.alloc(WRITE_BYTES_MAX, 'the same again')
const THINK_MS = 5_000
const DONE = { value: undefined }

async function read(setting: CloudSetting, machine: Process, name: CloudName): Promise<void> {
  const file = name.now
  if (!(await look(setting, machine, name)) || file === undefined || file.isBusy) return
  const ino = file.ino as Ino
  file.isBusy = true
  const { cuts } = setting.model
  const options = { truncate: false, killPrivileges: false, access: 'read' } as const
  const run = (vfs: Vfs) => asCaller(setting, vfs).open(ino, options)
  const opened = await call(setting, machine, `opens ${ino} to read`, run)
  if (typeof opened !== 'string') {
    await readWhole(setting, machine, file, cuts)
    machine.vfs.release(ino)
  }
  file.isBusy = false
}

/** Reads a file and compares it; false when it could not be read. */
async function readWhole(setting: CloudSetting, machine: Process, file: CloudFile, cuts: number): Promise<boolean> {
  const { standIns } = machine
  const { ino, history } = file
  const found = await call(setting, machine, `reads ${ino}`, vfs => readAll(vfs, ino as Ino))
  if (typeof found === 'string') return false
  setting.model.arrive(setting.revision)
  if (cuts !== setting.model.cuts || file.isFrozen) return true
  const isFromStandIn = machine.standIns !== standIns
  if (isFromStandIn && setting.isAlone) return true
  // Who stands in for the home has what was synced, and what this machine was answered; perhaps not what others have closed.
  const wrong = isFromStandIn
    ? history.wrongAsOf(found.value, setting.model.durableRevision, true)
    : history.wrongNow(found.value)
  mustHold(wrong === undefined, () => `${machine.name} reads file ${ino}: ${wrong}`)
  return true
}

/** All of a file, as read(2) gives it. */
export async function readAll(vfs: Vfs, ino: Ino) {
  const attributes = await vfs.attributes(ino)
  if (isErrno(attributes)) return attributes
  const { size, mode } = attributes
  const bytes = Buffer.alloc(size)
  const got = await vfs.read(ino, 0, bytes)
  if (isErrno(got)) return got
  return { size, mode, bytes: bytes.subarray(0, got.bytes), unreadable: [] }
}

async function remove(setting: CloudSetting, machine: Process, name: CloudName): Promise<void> {
  const file = name.now
  if (file === undefined || file.isBusy || !(await look(setting, machine, name))) return
  const { model, revision: calledAt } = setting
  const { cuts } = model
  const run = (vfs: Vfs) => asCaller(setting, vfs).remove(ROOT_INO, name.name, 'file')
  const gone = await call(setting, machine, `removes ${name.name}`, run)
  machine.vfs.forget(file.ino as Ino)
  if (typeof gone === 'string' || cuts !== model.cuts) name.perhaps(undefined)
  else name.change({ file: undefined, calledAt, landedBy: setting.revision, by: machine.name })
}

async function rename(
  setting: CloudSetting,
  machine: Process,
  { name, to }: { readonly name: CloudName; readonly to: CloudName },
): Promise<void> {
  const [file, old] = [name.now, to.now]
  if (file === undefined || file.isBusy || old?.isBusy === true || !(await look(setting, machine, name))) return
  const { model, revision: calledAt } = setting
  const { cuts } = model
  const places = [name, to].map(each => ({ parent: ROOT_INO, name: each.name })) as [Place, Place]
  const done = await call(setting, machine, `renames ${name.name} to ${to.name}`, vfs =>
    asCaller(setting, vfs).rename(...places, 'replace'),
  )
  if (old !== undefined) machine.vfs.forget(old.ino as Ino)
  if (typeof done === 'string' || cuts !== model.cuts) {
    name.perhaps(undefined)
    to.perhaps(file)
    return
  }
  const landed = { calledAt, landedBy: setting.revision, by: machine.name }
  name.change({ file: undefined, ...landed })
  to.change({ file, ...landed })
}

type Place = Parameters<Vfs['rename']>[0]
