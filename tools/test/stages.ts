import { listFiles } from '../tidy/tree.ts'

/** One part of `npm test`: how long it may take on two cores, and how many files it may run at once. */
export interface Stage {
  readonly name: 'unit' | 'simulation' | 'control' | 'etcd' | 'mount' | 'lab'
  readonly budgetMinutes: number
  readonly filesAtOnce: (cores: number) => number
}

/** In the order they run. Each lab is several machines, so its files run one by one. */
export const stages: readonly Stage[] = [
  { name: 'unit', budgetMinutes: 4, filesAtOnce: cores => cores },
  { name: 'simulation', budgetMinutes: 3, filesAtOnce: cores => cores },
  { name: 'control', budgetMinutes: 3, filesAtOnce: cores => cores },
  { name: 'etcd', budgetMinutes: 3, filesAtOnce: cores => cores },
  { name: 'mount', budgetMinutes: 4, filesAtOnce: cores => cores },
  { name: 'lab', budgetMinutes: 5, filesAtOnce: () => 1 },
]

export interface TestFile {
  readonly path: string
  readonly stage: Stage['name']
}

/** The test files of the tree; all of them, or those whose stage is in `wanted` or whose path starts with one of it. */
export function testFiles(wanted: readonly string[]): TestFile[] {
  return listFiles()
    .filter(path => /^(src|sim|test|tools|bench)\/.*\.test\.ts$/.test(path))
    .map(path => ({ path, stage: stageOf(path) }))
    .filter(file => wanted.length === 0 || wanted.some(each => each === file.stage || isBelow(file.path, each)))
}

/** `test/lab` is about several machines; folders named `etcd` start real ones; `x.mount.test.ts` anywhere and the folders in `test/` need a mount; what judges the API is in `test/` itself and `test/conformance`. */
export function stageOf(path: string): Stage['name'] {
  if (path.startsWith('sim/')) return 'simulation'
  if (path.startsWith('test/lab/')) return 'lab'
  if (path.includes('/etcd/')) return 'etcd'
  if (path.endsWith('.mount.test.ts')) return 'mount'
  if (!path.startsWith('test/') || /^test\/(tidy\.|unit\/)/.test(path)) return 'unit'
  return /^test\/(conformance\/|[^/]+$)/.test(path) ? 'control' : 'mount'
}

function isBelow(path: string, wanted: string): boolean {
  return path.startsWith(wanted.replace(/^\.\//, ''))
}
