import { andThen, isLater } from '#base'
import {
  type Attributes,
  type Caller,
  type Cookie,
  type Errno,
  type FileKind,
  type Ino,
  isErrno,
  type Reply,
} from '#storage/fs'
import { ASIDE } from '../model/observe.ts'
import { mustHold } from '../model/violation.ts'
import type { Place, TreeChange } from '../model/tree.ts'
import { isDone, isDoubtful, never, type Setting } from './setting.ts'

const CALLER: Caller = { uid: 1000, gid: 1000, umask: 0o022 }
const ASIDE_PLACE: Place = { parent: 1, name: ASIDE }
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'a name of more than a few bytes', '\xff\xfe\x01']
const ATTRIBUTES = ['user.a', 'user.b', 'trusted.c']

/**
 * Operations on names and attributes. Each is answered at once, so its place in the history is exact; only who makes the
 * first file of a life waits for the disk, and is alone then.
 */
export const nameOperations: Readonly<
  Record<string, { weight: number; run: (setting: Setting) => Promise<void> | void }>
> = {
  make: { weight: 12, run: make },
  makeUnnamed: { weight: 1, run: makeUnnamed },
  link: { weight: 3, run: link },
  remove: { weight: 7, run: remove },
  rename: { weight: 7, run: rename },
  chmod: { weight: 2, run: chmod },
  setXattr: { weight: 3, run: setXattr },
  removeXattr: { weight: 2, run: removeXattr },
  list: { weight: 3, run: list },
  lookup: { weight: 3, run: lookup },
  forget: { weight: 3, run: forget },
}

function make(setting: Setting): Promise<void> | void {
  const { random, stack } = setting
  const kinds: Record<string, number> = { file: 10, directory: 4, symlink: 2, fifo: 1 }
  const kind = random.weighted(kinds) as FileKind
  const target = kind === 'symlink' ? 'x'.repeat(random.between(1, 80)) : ''
  const mode = random.pick([0o666, 0o777, 0o600, 0o755])
  const at = place(setting)
  const node = { kind, mode: kind === 'symlink' ? 0o777 : mode & ~CALLER.umask, target }
  return making(setting, {
    change: { kind: 'make', at, ino: 0, node },
    call: () =>
      stack.fs.vfs.make(
        at.parent as Ino,
        at.name,
        { kind, mode, target: kind === 'symlink' ? target : undefined },
        CALLER,
      ),
    known: (made: Attributes) => ({ kind: 'make', at, ino: made.ino, node: { ...node, mode: made.mode } }),
  })
}

/** The directory that the model does not look into, made when it is missing. */
export async function makeAside(setting: Setting): Promise<Ino | undefined> {
  const { stack, expected } = setting
  const at = ASIDE_PLACE
  if (expected.tree.at(at) === undefined) {
    const node = { kind: 'directory', mode: 0o700, target: '' } as const
    await making(setting, {
      change: { kind: 'make', at, ino: 0, node },
      call: () => stack.fs.vfs.make(at.parent as Ino, at.name, { kind: 'directory', mode: node.mode }, CALLER),
      known: (made: Attributes) => ({ kind: 'make', at, ino: made.ino, node }),
    })
  }
  return expected.tree.at(at)?.ino as Ino | undefined
}

function makeUnnamed(setting: Setting): Promise<void> | void {
  const { stack, expected } = setting
  const node = { kind: 'file', mode: 0o600, target: '' } as const
  return making(setting, {
    change: { kind: 'make', at: undefined, ino: 0, node },
    call: () => stack.fs.vfs.makeUnnamed(place(setting).parent as Ino, 0o600, CALLER),
    known: (made: Attributes) => {
      expected.held.add(made.ino)
      return { kind: 'make', at: undefined, ino: made.ino, node }
    },
  })
}

function link(setting: Setting): Promise<void> | void {
  const { random, stack, expected } = setting
  const ino = random.pick([...expected.tree.nodes.keys()])
  const at = place(setting)
  return change(setting, {
    change: { kind: 'link', ino, at },
    call: () => stack.fs.vfs.link(ino as Ino, at.parent as Ino, at.name),
    known: () => {
      expected.held.delete(ino)
      return { kind: 'link', ino, at }
    },
  })
}

function remove(setting: Setting): Promise<void> | void {
  const { random, stack, expected } = setting
  const at = takenPlace(setting)
  const victim = expected.tree.at(at)
  const isDirectory = victim?.kind === 'directory'
  const what = isDirectory === random.chance(0.95) ? 'directory' : 'file'
  return change(setting, {
    change: { kind: 'remove', at, what },
    call: () => stack.fs.vfs.remove(at.parent as Ino, at.name, what),
    after: () => unlinked(setting, victim?.ino),
  })
}

function rename(setting: Setting): Promise<void> | void {
  const { random, stack, expected } = setting
  const from = takenPlace(setting)
  const to = random.chance(0.6) ? place(setting) : takenPlace(setting)
  const mode = random.weighted({ replace: 6, noReplace: 1, exchange: 2 })
  const victim = expected.tree.at(to)
  return change(setting, {
    change: { kind: 'rename', from, to, mode },
    call: () =>
      stack.fs.vfs.rename(
        { parent: from.parent as Ino, name: from.name },
        { parent: to.parent as Ino, name: to.name },
        mode,
      ),
    after: () => unlinked(setting, victim?.ino),
  })
}

function chmod(setting: Setting): Promise<void> | void {
  const { random, stack, expected } = setting
  const others = [...expected.tree.nodes.values()].filter(node => node.kind !== 'file')
  const ino = random.pick(others).ino
  const mode = random.pick([0o700, 0o755, 0o1777])
  return change(setting, {
    change: { kind: 'chmod', ino, mode },
    call: () => stack.fs.vfs.setAttributes(ino as Ino, { mode }, CALLER),
  })
}

function setXattr(setting: Setting): Promise<void> | void {
  const { random, stack, expected, content } = setting
  const ino = random.pick([...expected.tree.nodes.keys()])
  const name = random.pick(ATTRIBUTES)
  const value = content.take(random, random.pick([0, 7, 200, 3000]))
  return change(setting, {
    change: { kind: 'setXattr', ino, name, value },
    call: () => stack.fs.vfs.setXattr(ino as Ino, name, value, 'set'),
  })
}

function removeXattr(setting: Setting): Promise<void> | void {
  const { random, stack, expected } = setting
  const nodes = [...expected.tree.nodes.values()]
  const ino = random.pick(random.chance(0.7) ? nodes.filter(node => node.xattrs.size > 0 || node.ino === 1) : nodes).ino
  const name = random.pick(ATTRIBUTES)
  return change(setting, {
    change: { kind: 'removeXattr', ino, name },
    call: () => stack.fs.vfs.removeXattr(ino as Ino, name),
  })
}

function list(setting: Setting): void {
  const { stack, expected } = setting
  const ino = directoryOf(setting)
  const names: string[] = []
  const take = (entry: { name: string }): boolean => names.push(entry.name) > 0
  const answer = stack.fs.vfs.list(ino as Ino, 0 as Cookie, { attributes: true, take })
  if (!isDone(setting, { what: `list ${ino}`, answer, refusal: undefined })) return
  const wanted = ['.', '..', ...(expected.tree.nodes.get(ino)?.names.keys() ?? [])].sort()
  mustHold(names.sort().join('/') === wanted.join('/'), () => `directory ${ino} lists ${names}, not ${wanted}`)
}

function lookup(setting: Setting): void {
  const { stack, expected } = setting
  const at = place(setting)
  const wanted = expected.tree.at(at)
  const answer = stack.fs.vfs.lookup(at.parent as Ino, at.name)
  if (isLater(answer)) return
  if (isErrno(answer)) return mustHold(wanted === undefined, () => `${at.name} in ${at.parent} is not found`)
  mustHold(answer.ino === wanted?.ino && answer.nlink === wanted.nlink, () => `${at.name} in ${at.parent} is wrong`)
}

// The last one who holds an unlinked file lets go of it.
function forget(setting: Setting): void {
  const { random, expected, busy } = setting
  const free = [...expected.held].filter(ino => !busy.has(ino))
  if (free.length > 0) letGo(setting, random.pick(free))
}

function letGo({ stack, expected, trace }: Setting, ino: number): void {
  trace.line(`forget ${ino}`)
  expected.held.delete(ino)
  expected.tree.nodes.delete(ino)
  stack.fs.vfs.forget(ino as Ino)
}

function unlinked(setting: Setting, ino: number | undefined): void {
  const { expected, random, busy } = setting
  const node = ino === undefined ? undefined : expected.tree.nodes.get(ino)
  if (node === undefined || node.nlink > 0) return
  expected.held.add(node.ino)
  if (!busy.has(node.ino) && (node.kind !== 'file' || random.chance(0.6))) letGo(setting, node.ino)
}

function place(setting: Setting): Place {
  return { parent: directoryOf(setting), name: setting.random.pick(NAMES) }
}

function takenPlace(setting: Setting): Place {
  const { random, expected } = setting
  const parent = directoryOf(setting)
  const names = [...(expected.tree.nodes.get(parent)?.names.keys() ?? [])].filter(name => name !== ASIDE)
  return { parent, name: names.length === 0 ? random.pick(NAMES) : random.pick(names) }
}

/** A directory that has a name. */
export function directoryOf({ random, expected }: Setting): number {
  const aside = expected.tree.at(ASIDE_PLACE)?.ino
  const directories = [...expected.tree.nodes.values()].filter(
    node => node.kind === 'directory' && node.nlink > 0 && node.ino !== aside,
  )
  return random.pick(directories).ino
}

function making(setting: Setting, asked: Asked<Attributes>): Promise<void> | void {
  const { floor, lasting } = setting
  if (lasting.hasNumbers) return change(setting, asked)
  const after = (): void => {
    lasting.hasNumbers = true
  }
  return floor.alone(async () => change(setting, { ...asked, after })).then(() => undefined)
}

interface Asked<Value> {
  readonly change: TreeChange
  readonly call: () => Reply<Value>
  /** The change with what only the answer tells. */
  readonly known?: (value: Value) => TreeChange
  readonly after?: () => void
}

function change<Value>(setting: Setting, asked: Asked<Value>): Promise<void> | void {
  const { life, expected, stack } = setting
  const refusal: Errno | undefined = expected.tree.refusal(asked.change)
  const doubt = expected.doubt(asked.change)
  const reply = asked.call()
  const noted = andThen(reply, answer => {
    if (life.ended) return never()
    if (!isDoubtful(answer)) expected.resolved(doubt)
    if (!isDone(setting, { what: describe(asked.change), answer, refusal }) || isErrno(answer)) return
    expected.changed(asked.known === undefined ? asked.change : asked.known(answer), stack.keyspace.revision)
    asked.after?.()
  })
  return isLater(noted) ? Promise.resolve(noted) : noted
}

function describe(asked: TreeChange): string {
  return JSON.stringify(asked, (key, value) => (key === 'value' ? undefined : value))
}
