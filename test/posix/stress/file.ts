import { pattern, readAll, writeAll } from '../kit.ts'
import * as sys from '../sys/index.ts'
import { type Random, seededRandom } from './random.ts'

/** What to run: `sizeMax` bounds the file; the same seed makes the same operations. */
export interface FileStress {
  readonly path: string
  readonly seed: number
  readonly ops: number
  readonly sizeMax?: number
  /** Called before each operation with its number. */
  readonly beforeOp?: (number: number) => void
}

interface State {
  readonly path: string
  readonly random: Random
  readonly sizeMax: number
  /** Holds the bytes of the file up to `size` and zeros behind. */
  readonly model: Buffer
  size: number
  fd: number
  readonly log: string[]
}

type Op = (state: State) => string

const SIZE_MAX = 3 << 20
const LOG_LINES = 25
const COMPARE_EVERY = 64
const PAGE = 4096

const OPS: Readonly<Record<string, Op>> = {
  write(state) {
    const { start, length } = range(state, state.sizeMax)
    return put(state, start, length, bytes => writeAll(state.fd, bytes, start))
  },
  smallWrite(state) {
    const start = state.random.below(state.sizeMax - 100)
    return put(state, start, 1 + state.random.below(100), bytes => writeAll(state.fd, bytes, start))
  },
  append(state) {
    const length = Math.min(1 + state.random.below(70_000), state.sizeMax - state.size)
    if (length === 0) return 'full'
    return put(state, state.size, length, bytes => {
      const fd = sys.open(state.path, sys.O_WRONLY | sys.O_APPEND)
      for (let done = 0; done < bytes.length; ) done += sys.write(fd, bytes.subarray(done))
      sys.close(fd)
    })
  },
  read(state) {
    const { start, length } = range(state, state.sizeMax)
    compare(state, readAll(state.fd, start, length), start, length)
    return `${start}+${length}`
  },
  truncate(state) {
    const size = state.random.below(state.sizeMax)
    if (state.random.below(2)) sys.truncate(state.fd, size)
    else sys.truncate(state.path, size)
    if (size < state.size) state.model.fill(0, size, state.size)
    state.size = size
    return `${size}`
  },
  punch(state) {
    const { start, length } = range(state, state.sizeMax)
    sys.fallocate(state.fd, sys.FALLOC_FL_PUNCH_HOLE | sys.FALLOC_FL_KEEP_SIZE, start, length)
    state.model.fill(0, start, Math.max(start, Math.min(start + length, state.size)))
    return `${start}+${length}`
  },
  zero(state) {
    const { start, length } = range(state, state.sizeMax)
    const keep = state.random.below(2) === 0
    sys.fallocate(state.fd, sys.FALLOC_FL_ZERO_RANGE | (keep ? sys.FALLOC_FL_KEEP_SIZE : 0), start, length)
    if (!keep) state.size = Math.max(state.size, start + length)
    state.model.fill(0, start, Math.max(start, Math.min(start + length, state.size)))
    return `${start}+${length}${keep ? ' keep' : ''}`
  },
  allocate(state) {
    const { start, length } = range(state, state.sizeMax)
    sys.fallocate(state.fd, 0, start, length)
    state.size = Math.max(state.size, start + length)
    return `${start}+${length}`
  },
  copy(state) {
    const { start, length } = range(state, state.size)
    const to = state.random.below(state.sizeMax - length)
    if (length === 0 || (to < start + length && start < to + length)) return 'overlaps'
    const { fd } = state
    for (let done = 0; done < length; ) {
      const step = sys.copyFileRange({ fd, offset: start + done }, { fd, offset: to + done }, length - done)
      if (step === 0) throw new Error('copy_file_range stopped early')
      done += step
    }
    state.model.copyWithin(to, start, start + length)
    state.size = Math.max(state.size, to + length)
    return `${start}+${length} to ${to}`
  },
  mapRead(state) {
    return withMap(state, (mapping, start, length) => compare(state, mapping.get(start % PAGE, length), start, length))
  },
  mapWrite(state) {
    return withMap(state, (mapping, start, length) => {
      const bytes = fresh(state, length)
      mapping.put(start % PAGE, bytes)
      bytes.copy(state.model, start)
      if (state.random.below(2)) mapping.sync()
    })
  },
  sync(state) {
    if (state.random.below(2)) sys.fsync(state.fd)
    else sys.fdatasync(state.fd)
    return ''
  },
  reopen(state) {
    sys.close(state.fd)
    state.fd = sys.open(state.path, sys.O_RDWR)
    return ''
  },
  stat(state) {
    const { size } = sys.stat(state.random.below(2) ? state.fd : state.path)
    if (size !== state.size) throw new Error(`size ${size}, should be ${state.size}`)
    return `${size}`
  },
  holes(state) {
    checkHoles(state)
    return ''
  },
}

/**
 * Changes one file at random by every means there is and compares it with a model in memory. Returns how often each operation ran;
 * throws with the seed and the last operations at the first difference. Operations the filesystem does not know are left out.
 */
export function stressFile({ path, seed, ops, sizeMax = SIZE_MAX, beforeOp }: FileStress): Record<string, number> {
  const fd = sys.open(path, sys.O_RDWR | sys.O_CREAT | sys.O_TRUNC)
  const state: State = { path, random: seededRandom(seed), sizeMax, model: Buffer.alloc(sizeMax), size: 0, fd, log: [] }
  const names = Object.keys(OPS)
  const counts: Record<string, number> = {}
  try {
    for (let number = 0; number < ops; number++) {
      beforeOp?.(number)
      const name = state.random.pick(names)
      if (attempt(state, number, name)) counts[name] = (counts[name] ?? 0) + 1
      else names.splice(names.indexOf(name), 1)
      if (number % COMPARE_EVERY === 0) compareAll(state)
    }
    OPS.reopen?.(state)
    compareAll(state)
    return counts
  } catch (error) {
    throw new Error(`file stress, seed ${seed}, size limit ${sizeMax}: ${String(error)}\n${state.log.join('\n')}`, {
      cause: error,
    })
  } finally {
    sys.close(state.fd)
  }
}

/** Whether the filesystem knows the operation. */
function attempt(state: State, number: number, name: string): boolean {
  state.log.push(`${number} ${name} (size ${state.size})`)
  if (state.log.length > LOG_LINES) state.log.shift()
  try {
    const told = OPS[name]?.(state)
    state.log.push(`${state.log.pop()} ${told}`)
    return true
  } catch (error) {
    if (error instanceof sys.SysError && error.code === 'EOPNOTSUPP') return false
    throw error
  }
}

function range({ random }: State, end: number): { start: number; length: number } {
  const start = random.below(Math.max(end, 1))
  // Small, middling and large ranges alike; every fourth one begins at a page.
  const reach = random.pick([50, 5000, 70_000, 1_500_000])
  const aligned = random.below(4) === 0 ? start - (start % PAGE) : start
  return { start: aligned, length: Math.min(1 + random.below(reach), Math.max(end - aligned, 0)) }
}

function fresh({ random }: State, length: number): Buffer {
  return pattern(length, 1 + random.below(2 ** 31))
}

function put(state: State, start: number, length: number, store: (bytes: Buffer) => void): string {
  const bytes = fresh(state, length)
  store(bytes)
  bytes.copy(state.model, start)
  state.size = Math.max(state.size, start + length)
  return `${start}+${length}`
}

function withMap(state: State, step: (mapping: sys.Mapping, start: number, length: number) => void): string {
  const { start, length } = range(state, state.size)
  if (length === 0) return 'empty'
  const offset = start - (start % PAGE)
  const mapping = sys.mmap(state.fd, start + length - offset, { offset })
  try {
    step(mapping, start, length)
  } finally {
    mapping.unmap()
  }
  return `${start}+${length}`
}

function compareAll(state: State): void {
  compare(state, readAll(state.fd), 0, state.sizeMax)
}

function compare({ model, size }: State, found: Buffer, start: number, length: number): void {
  const wanted = model.subarray(start, Math.max(start, Math.min(start + length, size)))
  if (found.equals(wanted)) return
  if (found.length !== wanted.length) throw new Error(`${found.length} bytes at ${start}, should be ${wanted.length}`)
  const first = found.findIndex((byte, at) => byte !== wanted[at])
  const last = found.findLastIndex((byte, at) => byte !== wanted[at])
  throw new Error(
    `bytes ${start + first} to ${start + last} differ: ${hex(found, first)}, should be ${hex(wanted, first)}`,
  )
}

function hex(bytes: Buffer, at: number): string {
  return bytes.subarray(at, at + 16).toString('hex')
}

/** Every byte in a hole is zero in the model. */
function checkHoles({ fd, model, size }: State): void {
  for (let at = 0; at < size; ) {
    const hole = sys.lseek(fd, at, sys.SEEK_HOLE)
    if (hole >= size) return
    const data = dataAfter(fd, hole, size)
    const lost = model.subarray(hole, data).findIndex(byte => byte !== 0)
    if (lost >= 0) throw new Error(`a hole is reported at ${hole} to ${data}, with data at ${hole + lost}`)
    at = data
  }
}

function dataAfter(fd: number, offset: number, size: number): number {
  try {
    return sys.lseek(fd, offset, sys.SEEK_DATA)
  } catch (error) {
    if (error instanceof sys.SysError && error.code === 'ENXIO') return size
    throw error
  }
}
