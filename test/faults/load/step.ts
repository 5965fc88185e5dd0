import { type Random, seededRandom } from '../../posix/stress/random.ts'

/** One step of a writer. Paths are relative to its folder; bytes follow from `fill`. */
export type Step =
  | {
      readonly kind: 'write'
      readonly path: string
      readonly at: number
      readonly bytes: number
      readonly fill: number
    }
  | { readonly kind: 'truncate'; readonly path: string; readonly size: number }
  | { readonly kind: 'sync'; readonly path: string }
  | { readonly kind: 'rename' | 'link'; readonly path: string; readonly to: string }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }
  | { readonly kind: 'remove' | 'mkdir' | 'rmdir'; readonly path: string }

/** A file, by its bytes; two names of one file hold the same object. */
export interface ModelFile {
  bytes: Buffer
}

/** What a writer's folder holds, by path: a file, or in words a directory or where a symlink leads. */
export type Model = Map<string, ModelFile | string>

const FOLDERS = ['', 'a/', 'b/']
const NAMES = ['0', '1', '2', '3', '4', '5', '6', '7']
const SIZE_MAX = 3 << 20

/** The endless steps of a seed; `model` is changed by each before the next is asked for. */
export function* stepsOf(seed: number, model: Model): Generator<Step, never> {
  const random = seededRandom(seed)
  for (;;) yield stepFor(random, model)
}

/** Does to the model what a step that succeeded does to the folder. */
export function applyStep(model: Model, step: Step): void {
  switch (step.kind) {
    case 'write':
      return writeModel(model, step)
    case 'truncate': {
      const file = fileAt(model, step.path)
      if (file !== undefined) file.bytes = resized(file.bytes, step.size)
      return
    }
    case 'rename':
    case 'link': {
      const node = model.get(step.path)
      if (node === undefined || model.get(step.to) === node) return
      if (step.kind === 'rename') model.delete(step.path)
      model.set(step.to, node)
      return
    }
    case 'symlink':
      return void model.set(step.path, `-> ${step.target}`)
    case 'mkdir':
      return void model.set(step.path, 'directory')
    case 'remove':
    case 'rmdir':
      return void model.delete(step.path)
    default:
  }
}

/** The bytes a write stores. */
export function bytesOfWrite({ bytes, fill }: { readonly bytes: number; readonly fill: number }): Buffer {
  const words = new Uint32Array(Math.ceil(bytes / 4))
  let state = fill | 1
  // Xorshift32: fast, and no two places of two writes look alike.
  for (let i = 0; i < words.length; i += 1) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[i] = state
  }
  return Buffer.from(words.buffer, 0, bytes)
}

/** The file at a path of the model; undefined when there is none or something else. */
export function fileAt(model: Model, path: string): ModelFile | undefined {
  const node = model.get(path)
  return typeof node === 'object' ? node : undefined
}

function stepFor(random: Random, model: Model): Step {
  const path = random.pick(FOLDERS) + random.pick(NAMES)
  const folder = path.slice(0, path.lastIndexOf('/') + 1)
  if (folder !== '' && !model.has(folder.slice(0, -1))) return { kind: 'mkdir', path: folder.slice(0, -1) }
  const file = fileAt(model, path)
  if (file === undefined) return model.has(path) ? { kind: 'remove', path } : stepForNothing(random, model, path)
  return stepForFile(random, model, { path, size: file.bytes.byteLength })
}

function stepForNothing(random: Random, model: Model, path: string): Step {
  if (random.below(12) === 0) return { kind: 'symlink', path, target: `nowhere-${random.below(1e6)}` }
  const others = [...model].filter(([, node]) => typeof node === 'object').map(([name]) => name)
  if (random.below(8) === 0 && others.length > 0) return { kind: 'link', path: random.pick(others), to: path }
  return { kind: 'write', path, at: 0, bytes: sizeOf(random), fill: random.below(2 ** 31) }
}

function stepForFile(random: Random, model: Model, { path, size }: { path: string; size: number }): Step {
  const chance = random.below(20)
  if (chance < 6) return { kind: 'sync', path }
  if (chance < 8) return { kind: 'remove', path }
  if (chance < 11) return renameStep(random, model, path)
  if (chance < 13) return { kind: 'truncate', path, size: random.below(size + 1) }
  const at = chance < 16 ? size : random.below(size + 1)
  const bytes = Math.max(Math.min(sizeOf(random), SIZE_MAX - at), 0)
  return bytes === 0 ? { kind: 'remove', path } : { kind: 'write', path, at, bytes, fill: random.below(2 ** 31) }
}

function renameStep(random: Random, model: Model, path: string): Step {
  const folder = random.pick(FOLDERS.filter(each => each === '' || model.has(each.slice(0, -1))))
  return { kind: 'rename', path, to: folder + random.pick(NAMES) }
}

// Small ones, some that are inline at fsync, and some of several chunks.
function sizeOf(random: Random): number {
  return 1 + random.below(random.pick([100, 5000, 5000, 70_000, 70_000, 300_000, 1_500_000]))
}

function writeModel(model: Model, step: Extract<Step, { kind: 'write' }>): void {
  const known = fileAt(model, step.path)
  const file = known ?? { bytes: Buffer.alloc(0) }
  if (known === undefined) model.set(step.path, file)
  file.bytes = resized(file.bytes, Math.max(file.bytes.byteLength, step.at + step.bytes))
  bytesOfWrite(step).copy(file.bytes, step.at)
}

function resized(bytes: Buffer, size: number): Buffer {
  const whole = Buffer.alloc(size)
  bytes.copy(whole, 0, 0, Math.min(size, bytes.byteLength))
  return whole
}
