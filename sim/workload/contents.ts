import { type Caller, ERRNO, type Ino, isErrno, type Reply } from '#storage/fs'
import type { FileChange, FileHistory } from '../model/file-history.ts'
import { answerOf, whyNot } from '../model/observe.ts'
import { mustHold } from '../model/violation.ts'
import { isDone, never, type Setting } from './setting.ts'

const CALLER: Caller = { uid: 1000, gid: 1000, umask: 0o022 }
const FILE_BYTES_MAX = 700_000

/** Operations on what is in regular files. */
export const contentOperations: Readonly<Record<string, { weight: number; run: (setting: Setting) => Promise<void> }>> =
  {
    write: { weight: 22, run: write },
    truncate: { weight: 4, run: truncate },
    allocate: { weight: 4, run: allocate },
    copyRange: { weight: 3, run: copyRange },
    chmod: { weight: 2, run: chmod },
    read: { weight: 12, run: read },
    seek: { weight: 2, run: seek },
    seekHole: { weight: 1, run: seekHole },
    open: { weight: 1, run: open },
    release: { weight: 4, run: release },
    seal: { weight: 2, run: seal },
    sync: { weight: 8, run: sync },
    syncAll: { weight: 2, run: syncAll },
  }

async function write(setting: Setting): Promise<void> {
  const { random, content, stack } = setting
  await onFile(setting, (ino, file) => {
    const append = random.chance(0.3)
    const { offset, count } = extentOf(setting, file, stack.fs.superblock.chunkBytes)
    const at = append ? file.size : offset
    const bytes = content.take(random, Math.min(count, FILE_BYTES_MAX - at))
    if (bytes.byteLength <= 0) return undefined
    const size = Math.max(file.size, at + bytes.byteLength)
    return {
      what: `write ${ino} ${at}+${bytes.byteLength}`,
      change: { offset: at, bytes, size, mode: file.mode },
      call: () => stack.fs.vfs.write(ino, append ? 0 : at, Uint8Array.from(bytes), { append, killPrivileges: false }),
      settles: false,
    }
  })
}

function extentOf({ random }: Setting, file: FileHistory, chunkBytes: number): { offset: number; count: number } {
  const blocks = Math.floor(FILE_BYTES_MAX / chunkBytes)
  if (random.chance(0.2)) return { offset: random.below(blocks) * chunkBytes, count: chunkBytes }
  const offset = random.chance(0.7)
    ? random.below(file.size + 1)
    : random.below(Math.min(FILE_BYTES_MAX, file.size * 2 + 5000))
  return { offset, count: random.pick([1, 100, 4096, 5000, 30_000, 70_000, random.between(1, 200_000)]) }
}

async function truncate(setting: Setting): Promise<void> {
  const { random, stack } = setting
  await onFile(setting, (ino, file) => {
    const size = random.pick([
      0,
      random.below(file.size + 1),
      Math.min(FILE_BYTES_MAX, file.size + random.below(100_000)),
    ])
    return {
      what: `truncate ${ino} ${size}`,
      change: {
        offset: Math.min(size, file.size),
        bytes: Buffer.alloc(Math.max(0, size - file.size)),
        size,
        mode: file.mode,
      },
      call: () => stack.fs.vfs.setAttributes(ino, { size }, CALLER),
      settles: true,
    }
  })
}

async function allocate(setting: Setting): Promise<void> {
  const { random, stack } = setting
  await onFile(setting, (ino, file) => {
    const mode = random.pick(['extend', 'keepSize', 'punch', 'zero', 'zeroKeepSize'] as const)
    const offset = random.below(file.size + 1000)
    const count = Math.min(random.pick([1, 5000, random.between(1, 300_000)]), FILE_BYTES_MAX - offset)
    const grows = mode === 'extend' || mode === 'zero'
    const size = grows ? Math.max(file.size, offset + count) : file.size
    const clears = mode === 'punch' || mode === 'zero' || mode === 'zeroKeepSize'
    const cleared = clears ? Math.max(0, Math.min(offset + count, size) - offset) : 0
    return {
      what: `allocate ${mode} ${ino} ${offset}+${count}`,
      change: { offset, bytes: Buffer.alloc(cleared), size, mode: file.mode },
      call: () => stack.fs.vfs.allocate(ino, mode, offset, count),
      settles: true,
    }
  })
}

// Copies go on where one stopped, as cp does; each call is an operation of its own.
async function copyRange(setting: Setting): Promise<void> {
  const { random, stack, expected, busy } = setting
  const source = pickFile(setting)
  if (source === undefined || expected.file(source).isUncertain) return
  busy.add(source)
  await onFile(setting, (ino, file) => {
    const from = expected.file(source)
    const offset = random.chance(0.4) ? 0 : random.below(from.size + 1)
    const at = random.chance(0.4) ? 0 : random.below(file.size + 1)
    const count = Math.min(
      random.chance(0.5) ? from.size - offset : random.between(1, 200_000),
      from.size - offset,
      FILE_BYTES_MAX - at,
    )
    if (count <= 0) return undefined
    const bytes = Buffer.from(from.content.subarray(offset, offset + count))
    return {
      what: `copy ${source} ${offset} to ${ino} ${at}+${count}`,
      change: { offset: at, bytes, size: Math.max(file.size, at + count), mode: file.mode },
      call: () => stack.fs.vfs.copyRange({ ino: source as Ino, offset }, { ino, offset: at }, count),
      settles: true,
      partly: (answer: { bytes: number }) => {
        const done = bytes.subarray(0, answer.bytes)
        return { offset: at, bytes: done, size: Math.max(file.size, at + answer.bytes), mode: file.mode }
      },
    }
  })
  busy.delete(source)
}

async function chmod(setting: Setting): Promise<void> {
  const { random, stack } = setting
  await onFile(setting, (ino, file) => {
    const mode = random.pick([0o600, 0o640, 0o755])
    return {
      what: `chmod ${ino} ${mode.toString(8)}`,
      change: { offset: 0, bytes: Buffer.alloc(0), size: file.size, mode },
      call: () => stack.fs.vfs.setAttributes(ino, { mode }, CALLER),
      settles: true,
    }
  })
}

async function read(setting: Setting): Promise<void> {
  const { random, stack, expected, busy, life } = setting
  const ino = pickFile(setting)
  if (ino === undefined) return
  busy.add(ino)
  const file = expected.file(ino)
  const offset = random.below(file.size + 100)
  const into = Buffer.alloc(random.pick([1, 4096, 131_072, 300_000]), 0xee)
  const answer = await answerOf(() => stack.fs.vfs.read(ino as Ino, offset, into))
  if (life.ended) return never()
  busy.delete(ino)
  if (
    !isDone(setting, { what: `read ${ino} ${offset}+${into.byteLength}`, answer, refusal: undefined }) ||
    isErrno(answer)
  )
    return
  if (file.isUncertain) return
  const wanted = file.content.subarray(offset, offset + into.byteLength)
  mustHold(
    answer.bytes === wanted.byteLength,
    () => `read ${ino} at ${offset}: ${answer.bytes} bytes, not ${wanted.byteLength}`,
  )
  mustHold(into.subarray(0, answer.bytes).equals(wanted), () => `read ${ino} at ${offset}: wrong bytes`)
}

async function seek(setting: Setting): Promise<void> {
  const { random, stack, expected, busy, life } = setting
  const ino = pickFile(setting)
  if (ino === undefined) return
  busy.add(ino)
  const file = expected.file(ino)
  const offset = random.below(file.size + 100)
  const answer = await answerOf(() => stack.fs.vfs.seek(ino as Ino, offset, 'data'))
  if (life.ended) return never()
  busy.delete(ino)
  if (file.isUncertain) return
  const end = isErrno(answer) ? file.size : answer.offset
  const refusal = answer === ERRNO.ENXIO ? ERRNO.ENXIO : undefined
  if (!isDone(setting, { what: `seek data ${ino} ${offset}`, answer, refusal }) && refusal === undefined) return
  mustHold(end >= Math.min(offset, file.size), () => `seek ${ino} from ${offset} answers ${end}`)
  const skipped = file.content.subarray(offset, end)
  mustHold(
    skipped.every(byte => byte === 0),
    () => `seek ${ino} from ${offset} to ${end} skips data`,
  )
}

async function seekHole(setting: Setting): Promise<void> {
  const { random, stack, expected, busy, life } = setting
  const ino = pickFile(setting)
  if (ino === undefined) return
  busy.add(ino)
  const file = expected.file(ino)
  const offset = random.below(file.size + 100)
  const answer = await answerOf(() => stack.fs.vfs.seek(ino as Ino, offset, 'hole'))
  if (life.ended) return never()
  busy.delete(ino)
  if (file.isLoose) return
  const refusal = offset >= file.size ? ERRNO.ENXIO : undefined
  if (!isDone(setting, { what: `seek hole ${ino} ${offset}`, answer, refusal }) || isErrno(answer)) return
  // A hole is zeros, and behind the end there is always one.
  const isHole = answer.offset === file.size || file.content[answer.offset] === 0
  mustHold(answer.offset >= offset && isHole, () => `seek ${ino} from ${offset} finds a hole at ${answer.offset}`)
}

// O_TRUNC.
async function open(setting: Setting): Promise<void> {
  const { stack } = setting
  await onFile(setting, (ino, file) => ({
    what: `open ${ino} and cut it`,
    change: { offset: 0, bytes: Buffer.alloc(0), size: 0, mode: file.mode },
    call: () => stack.fs.vfs.open(ino, { truncate: true, killPrivileges: false }),
    settles: true,
  }))
}

async function release(setting: Setting): Promise<void> {
  const ino = pickFile(setting)
  if (ino !== undefined) setting.stack.fs.vfs.release(ino as Ino)
}

async function seal(setting: Setting): Promise<void> {
  const ino = pickFile(setting)
  if (ino === undefined) return
  setting.busy.add(ino)
  const answer = await whyNot(() => setting.stack.fs.seal(ino as Ino))
  if (setting.life.ended) return never()
  setting.busy.delete(ino)
  isDone(setting, { what: `seal ${ino}`, answer, refusal: undefined })
}

/** Makes a file durable and notes what that promises: the file as it was, and every name before. */
async function sync(setting: Setting): Promise<void> {
  const { stack, expected, life } = setting
  const ino = pickFile(setting)
  if (ino === undefined) return
  const file = expected.file(ino)
  const { mark } = file
  const { revision } = stack.keyspace
  const what = setting.random.pick(['data', 'all'] as const)
  const answer = await answerOf(() => stack.fs.vfs.sync(ino as Ino, what))
  if (life.ended) return never()
  if (!isDone(setting, { what: `sync ${ino}`, answer, refusal: undefined })) return
  file.durable(mark)
  expected.durable(revision)
}

/** Makes everything durable. */
export async function syncAll(setting: Setting): Promise<void> {
  const { stack, expected, life } = setting
  const marks = [...expected.files.values()].map(file => ({ file, mark: file.mark }))
  const { revision } = stack.keyspace
  const answer = await whyNot(() => stack.fs.sync())
  if (life.ended) return never()
  if (!isDone(setting, { what: 'sync all', answer, refusal: undefined })) return
  for (const { file, mark } of marks) file.durable(mark)
  expected.durable(revision)
}

interface FileOperation {
  readonly what: string
  readonly change: FileChange
  readonly call: () => Reply<unknown>
  /** True when it brings earlier writes home and is itself there when it is answered. */
  readonly settles: boolean
  /** What it did when it may do less than it was asked. */
  readonly partly?: (answer: { bytes: number }) => FileChange
}

async function onFile(
  setting: Setting,
  plan: (ino: Ino, file: FileHistory) => FileOperation | undefined,
): Promise<void> {
  const { expected, busy } = setting
  const ino = pickFile(setting)
  if (ino === undefined) return
  const file = expected.file(ino)
  busy.add(ino)
  // Until it is known what a failed operation left, nobody can say what the next one does.
  if (file.isLoose) await settle(setting, { ino, file })
  const operation = file.isLoose ? undefined : plan(ino as Ino, file)
  if (operation !== undefined) await run(setting, { ino, file }, operation)
  busy.delete(ino)
}

async function run(setting: Setting, on: { ino: number; file: FileHistory }, operation: FileOperation): Promise<void> {
  const { expected, life, stack } = setting
  const { what, change, settles, partly } = operation
  const { ino, file } = on
  const calledAt = stack.keyspace.revision
  expected.underWay.set(ino, { change, calledAt })
  const answer = await answerOf(operation.call)
  if (life.ended) return never()
  expected.underWay.delete(ino)
  if (isDone(setting, { what, answer, refusal: undefined })) {
    const did = partly === undefined ? change : partly(answer as { bytes: number })
    file.change(did, calledAt, settles ? stack.keyspace.revision : undefined)
  } else {
    file.perhaps(change, calledAt)
    await settle(setting, on)
  }
}

// After a failed write the file is brought home; from then on it is known what it holds.
async function settle(setting: Setting, { ino, file }: { ino: number; file: FileHistory }): Promise<void> {
  const { stack, life, trace } = setting
  const { vfs } = stack.fs
  const settled = await answerOf(() => vfs.sync(ino as Ino, 'all'))
  if (life.ended) return never()
  trace.line(`settle ${ino}: ${settled === undefined}`)
  if (isErrno(settled)) return
  const attributes = await vfs.attributes(ino as Ino)
  if (isErrno(attributes)) return
  const bytes = Buffer.alloc(attributes.size)
  const answer = await answerOf(() => vfs.read(ino as Ino, 0, bytes))
  if (life.ended) return never()
  if (isErrno(answer)) return
  const found = { size: attributes.size, mode: attributes.mode, bytes, unreadable: [] }
  const wrong = file.wrongNow(found)
  mustHold(wrong === undefined, () => `file ${ino} after a failed operation: ${wrong}`)
  file.settled(found, stack.keyspace.revision)
}

function pickFile({ random, expected, busy }: Setting): number | undefined {
  const files = [...expected.tree.nodes.values()].filter(
    node => node.kind === 'file' && !busy.has(node.ino) && (node.nlink > 0 || expected.held.has(node.ino)),
  )
  return files.length === 0 ? undefined : random.pick(files).ino
}
