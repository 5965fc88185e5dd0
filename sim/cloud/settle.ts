import { type Digest, digestHex, isFault } from '#base'
import { type MapFilesystem, mapBytes, readMap } from '#cluster'
import { type Cookie, ERRNO, type Filesystem, type Ino, isErrno, type Reply, ROOT_INO, type Vfs } from '#storage/fs'
import { answerOf, ok, show } from '../model/observe.ts'
import { checkUsage } from '../model/usage.ts'
import { mustHold } from '../model/violation.ts'
import { type CloudMachine, FILESYSTEM } from './machine.ts'
import type { CloudFile, CloudModel } from './model.ts'
import { readAll, WRITE_BYTES_MAX } from './program.ts'

/** What is looked at when all is calm. */
export interface Settling {
  readonly model: CloudModel
  readonly home: CloudMachine
  readonly machines: readonly CloudMachine[]
  note(line: string): void
}

/** Everything is as it may be after what has happened, and the same on every machine. */
export async function settleFiles({ model, home, machines, note }: Settling): Promise<void> {
  for (const { name, filesystem } of machines) {
    // The first may tell of what the home has lost with its power.
    await filesystem?.sync().catch(() => undefined)
    const failed = await filesystem?.sync().then(
      () => undefined,
      (error: unknown) => error,
    )
    mustHold(filesystem !== undefined && failed === undefined, () => `${name} cannot sync in calm: ${failed}`)
  }
  model.arrive(home.home?.keyspace.revision ?? 0)
  const vfs = vfsOf(home)
  for (const name of model.names.values()) {
    const found = await answerOf(() => vfs.lookup(ROOT_INO, name.name))
    mustHold(!isErrno(found) || found === ERRNO.ENOENT, () => `lookup of ${name.name} in calm: ${show(found)}`)
    name.settle(isErrno(found) ? undefined : found.ino)
  }
  const named = new Set([...model.names.values()].flatMap(({ now }) => (now === undefined ? [] : [now])))
  for (const file of model.files) if (!named.has(file)) forgetEverywhere(model, file, machines)
  for (const file of named) await settleFile(vfs, file)
  note(`settled ${named.size} files at revision ${home.home?.keyspace.revision}`)
  for (const machine of machines) await checkSame(machine, model)
}

// As kernels do in the end, whichever process has served them.
function forgetEverywhere(model: CloudModel, file: CloudFile, machines: readonly CloudMachine[]): void {
  model.files.delete(file)
  if (file.ino !== undefined) for (const { filesystem } of machines) filesystem?.vfs.forget(file.ino as Ino)
}

/** However a map came to a machine, in one version all have the same. */
export function checkMaps(machines: readonly CloudMachine[]): void {
  const known = new Map<number, string>()
  for (const { name, maps } of machines) {
    if (maps?.map.isShared !== true) continue
    const { version } = maps.map
    const map = new TextDecoder().decode(mapBytes(readMap(mapBytes(maps.map))))
    mustHold((known.get(version) ?? map) === map, () => `map ${version} is another at ${name}`)
    known.set(version, map)
  }
}

/** Why homes and logs are not yet where they belong; undefined: they are. */
export function whyHomesMove({ record, machines, copies }: HomesSought): string | undefined {
  if (record === undefined) return 'nobody is the home'
  for (const { name, home, filesystems } of machines) {
    if (filesystems?.retired(FILESYSTEM) !== undefined) return `${name} was the home and has not given it up`
    if ((home !== undefined) !== (name === record.home))
      return `${name} is not as it should be, ${record.home} the home`
  }
  const { inSync } = record
  return inSync.length === copies ? undefined : `the log is on ${inSync.join()}, not on ${copies} machines`
}

interface HomesSought {
  readonly record: MapFilesystem | undefined
  readonly machines: readonly CloudMachine[]
  readonly copies: number
}

/** What the home counts is there and within its limit, and every chunk it names can be read from a machine. */
export async function checkHome(
  home: CloudMachine,
  { from, limit }: { readonly from: CloudMachine; readonly limit: number | undefined },
): Promise<readonly Digest[]> {
  const filesystem = home.home?.filesystem
  mustHold(filesystem !== undefined, () => `${home.name} has no filesystem in calm`)
  await checkUsage(filesystem)
  const { bytesMax, bytesUsed } = await ok(filesystem.quotas.whole(), 'what all of it holds')
  // Machines that write at once go beyond it, each by what is on its way from there.
  const most = bytesMax === undefined ? Number.POSITIVE_INFINITY : bytesMax + WRITERS * WRITE_BYTES_MAX
  mustHold(bytesUsed <= most, () => `it holds ${bytesUsed} bytes, of a limit of ${bytesMax}`)
  mustHold(bytesMax === limit || limit === undefined, () => `the limit is ${bytesMax}, not ${limit}`)
  const named: Digest[] = []
  for await (const batch of filesystem.references(NEVER)) {
    for (const digest of batch) {
      named.push(digest)
      const why = await whyUnread(from, digest)
      const users = why === undefined ? [] : await usersOf(filesystem, digest)
      mustHold(
        why === undefined,
        () => `${users.join()} needs chunk ${digestHex(digest)} is not read at ${from.name}: ${why?.message}`,
      )
    }
  }
  return named
}

async function whyUnread({ pool }: CloudMachine, digest: Digest): Promise<Error | undefined> {
  try {
    await pool?.read(digest, Buffer.alloc(1), 0)
    return undefined
  } catch (error) {
    if (isFault(error)) return error
    throw error
  }
}

async function usersOf(filesystem: Filesystem, digest: Digest): Promise<string[]> {
  const users: string[] = []
  for await (const user of filesystem.users(new Set([digest]), NEVER)) users.push(JSON.stringify(user))
  return users
}

async function settleFile(vfs: Vfs, file: CloudFile): Promise<void> {
  const { ino, history, isFrozen, isOpenEnded, cutAt } = file
  const found = await calmly(() => readAll(vfs, ino as Ino), `read of file ${ino} in calm`)
  const wrong = isFrozen ? history.wrongAsOf(found, cutAt ?? Number.MAX_SAFE_INTEGER, true) : history.wrongNow(found)
  mustHold(wrong === undefined || isOpenEnded, () => `file ${ino} at the home: ${wrong}`)
  history.adopt(found)
  Object.assign(file, { isFrozen: false, isOpenEnded: false, cutAt: undefined, isBusy: false })
}

async function checkSame(machine: CloudMachine, model: CloudModel): Promise<void> {
  const vfs = vfsOf(machine)
  const listed: string[] = []
  const take = ({ name }: { readonly name: string }) => listed.push(name) > 0
  await calmly(() => vfs.list(ROOT_INO, 0 as Cookie, { attributes: true, take }), `list at ${machine.name}`)
  const names = listed.filter(name => name !== '.' && name !== '..').sort()
  const wanted = [...model.names.values()].filter(({ now }) => now !== undefined)
  const wantedNames = wanted.map(({ name }) => name).sort()
  mustHold(
    names.join() === wantedNames.join(),
    () => `${machine.name} lists ${names.join()}, not ${wantedNames.join()}`,
  )
  for (const { name, now } of wanted) {
    const { ino } = await calmly(() => vfs.lookup(ROOT_INO, name), `lookup of ${name} at ${machine.name}`)
    mustHold(ino === now?.ino, () => `${name} at ${machine.name} is ${ino}, not ${now?.ino}`)
    await calmly(() => vfs.open(ino, { truncate: false, killPrivileges: false }), `open of ${name} at ${machine.name}`)
    const found = await calmly(() => readAll(vfs, ino), `read of ${name} at ${machine.name}`)
    const wrong = now?.history.wrongNow(found)
    vfs.release(ino)
    mustHold(wrong === undefined, () => `${name} at ${machine.name}: ${wrong}`)
  }
}

function calmly<Value>(call: () => Reply<Value>, what: string): Promise<Value> {
  return ok(answerOf(call), what)
}

function vfsOf({ name, filesystem }: CloudMachine): Vfs {
  mustHold(filesystem !== undefined, () => `${name} has no filesystem in calm`)
  return filesystem.vfs
}

/** Programs that write at once, without the one that is refused. */
const WRITERS = 3
const NEVER = new AbortController().signal
