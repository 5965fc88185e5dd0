import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { programFile, run } from './targets/program.ts'

const ROOT = join(import.meta.dirname, '..')
/** Larger files would make the tree measure throughput, which has rows of its own. */
const FILE_BYTES_MAX = 256 << 10
const CHANGED_ONE_IN = 8

/** A real tree, ready to be unpacked: packages of this checkout, as a git repository with two branches. */
export interface Seed {
  readonly tar: string
  readonly files: number
  readonly bytes: number
  readonly hasGit: boolean
  /** A folder with only package.json and package-lock.json. */
  readonly project: string
}

/** Makes the seed in a folder; the same files for the same lock file and `filesMax`. */
export async function makeSeed(folder: string, filesMax: number, signal: AbortSignal): Promise<Seed> {
  const tree = join(folder, 'tree')
  const files = smallFiles(join(ROOT, 'node_modules')).slice(0, filesMax)
  let bytes = 0
  for (const [from, name] of files) {
    mkdirSync(dirname(join(tree, name)), { recursive: true })
    cpSync(from, join(tree, name))
    bytes += statSync(from).size
  }
  const hasGit = programFile('git') !== undefined
  if (hasGit) {
    await makeRepository(
      tree,
      files.map(([, name]) => name),
      signal,
    )
  }
  const tar = join(folder, 'tree.tar')
  await run(['tar', '-cf', tar, '-C', folder, 'tree'], { signal })
  const project = join(folder, 'project')
  mkdirSync(project)
  for (const name of ['package.json', 'package-lock.json']) cpSync(join(ROOT, name), join(project, name))
  return { tar, files: files.length, bytes, hasGit, project }
}

/** Branch `main` with the tree, branch `changed` with one file in eight changed. */
async function makeRepository(tree: string, names: readonly string[], signal: AbortSignal): Promise<void> {
  const options = ['-c', 'user.name=bench', '-c', 'user.email=bench@localhost', '-c', 'gc.auto=0']
  const git = (words: readonly string[]): Promise<string> => run(['git', ...options, ...words], { cwd: tree, signal })
  await git(['init', '-q', '-b', 'main'])
  await git(['add', '-A', '-f'])
  await git(['commit', '-qm', 'tree'])
  await git(['checkout', '-qb', 'changed'])
  for (const name of names.filter((_, index) => index % CHANGED_ONE_IN === 0)) {
    writeFileSync(join(tree, name), Buffer.concat([readFileSync(join(tree, name)), Buffer.from('\nchanged\n')]))
  }
  await git(['commit', '-qam', 'change'])
  await git(['checkout', '-q', 'main'])
  await git(['repack', '-qad'])
}

function smallFiles(folder: string): readonly (readonly [path: string, name: string])[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && !entry.parentPath.includes('/.'))
    .map(entry => join(entry.parentPath, entry.name))
    .filter(path => statSync(path).size <= FILE_BYTES_MAX)
    .sort()
    .map(path => [path, path.slice(folder.length + 1)] as const)
}
