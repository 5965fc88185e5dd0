import { content, file, names } from '../kit.ts'
import * as sys from '../sys/index.ts'
import {
  applyRename,
  countLinks,
  directoriesOf,
  type ModelNode,
  modelNode,
  type Place,
  renameErrors,
} from './model-tree.ts'
import { type Random, seededRandom } from './random.ts'

/** What to run, in an empty directory. */
export interface TreeStress {
  readonly dir: string
  readonly seed: number
  readonly ops: number
  /** Called before each operation with its number, from 1. */
  readonly beforeOp?: (number: number) => void
}

interface State {
  readonly random: Random
  readonly top: ModelNode
  readonly log: string[]
}

type Op = (state: State) => void

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l']
const DEPTH_MAX = 6
const LOG_LINES = 25
const COMPARE_EVERY = 500

const OPS: Readonly<Record<string, Op>> = {
  create(state) {
    const at = place(state)
    const text = `${state.random.below(1e9)}`
    const make = () => {
      const fd = sys.open(at.path, sys.O_CREAT | sys.O_EXCL | sys.O_WRONLY, 0o644)
      sys.write(fd, text)
      sys.close(fd)
    }
    if (expect(state, `create ${at.path}`, at.node ? ['EEXIST'] : [], make))
      at.parent.children.set(at.name, modelNode('file', 0o644, text))
  },
  mkdir(state) {
    const at = place(state)
    if (at.path.split('/').length > DEPTH_MAX) return
    if (expect(state, `mkdir ${at.path}`, at.node ? ['EEXIST'] : [], () => sys.mkdir(at.path)))
      at.parent.children.set(at.name, modelNode('directory', 0o755))
  },
  symlink(state) {
    const at = place(state)
    const target = `target${state.random.below(1e9)}`
    if (expect(state, `symlink ${at.path}`, at.node ? ['EEXIST'] : [], () => sys.symlink(target, at.path)))
      at.parent.children.set(at.name, modelNode('symlink', 0o777, target))
  },
  link(state) {
    const [from, to] = [place(state), place(state)]
    const { node } = from
    const errors = !node
      ? ['ENOENT']
      : to.node
        ? ['EEXIST', ...directoryErrors(node, 'EPERM')]
        : directoryErrors(node, 'EPERM')
    const make = () => sys.link(from.path, to.path)
    if (expect(state, `link ${from.path} ${to.path}`, errors, make) && node) to.parent.children.set(to.name, node)
  },
  unlink(state) {
    const at = place(state)
    const errors = at.node ? directoryErrors(at.node, 'EISDIR') : ['ENOENT']
    if (expect(state, `unlink ${at.path}`, errors, () => sys.unlink(at.path))) at.parent.children.delete(at.name)
  },
  rmdir(state) {
    const at = place(state)
    const errors = !at.node
      ? ['ENOENT']
      : at.node.kind !== 'directory'
        ? ['ENOTDIR']
        : at.node.children.size > 0
          ? ['ENOTEMPTY']
          : []
    if (expect(state, `rmdir ${at.path}`, errors, () => sys.rmdir(at.path))) at.parent.children.delete(at.name)
  },
  rename(state) {
    const [from, to] = [place(state), place(state)]
    const how = state.random.pick(['plain', 'plain', 'plain', 'noreplace', 'exchange'] as const)
    const flags = { plain: 0, noreplace: sys.RENAME_NOREPLACE, exchange: sys.RENAME_EXCHANGE }[how]
    const errors = renameErrors(from, to, how)
    const move = () => sys.rename(from.path, to.path, flags)
    if (expect(state, `rename ${how} ${from.path} ${to.path}`, errors, move)) applyRename(from, to, how)
  },
  chmod(state) {
    const { path, node } = place(state)
    if (!node || node.kind === 'symlink') return
    const mode = 0o700 | state.random.below(0o100)
    if (expect(state, `chmod ${path}`, [], () => sys.chmod(path, mode))) node.mode = mode
  },
  setTime(state) {
    const { path, node } = place(state)
    if (!node || node.kind === 'directory') return
    const mtime = BigInt(state.random.below(2 ** 31)) * 1_000_000_007n
    const set = () => sys.utimens(path, { atime: 1n, mtime }, sys.AT_SYMLINK_NOFOLLOW)
    if (expect(state, `utimens ${path}`, [], set)) node.mtime = mtime
  },
  setXattr(state) {
    const { path, node } = place(state)
    if (!node || node.kind === 'symlink') return
    const [name, value] = [`user.${state.random.pick(NAMES)}`, `${state.random.below(1e9)}`]
    if (expect(state, `setxattr ${path}`, [], () => sys.setxattr(path, name, value))) node.xattrs.set(name, value)
  },
  rewrite(state) {
    const { path, node } = place(state)
    if (node?.kind !== 'file') return
    const text = `${state.random.below(1e9)}`.repeat(1 + state.random.below(20))
    if (!expect(state, `rewrite ${path}`, [], () => file(path, text, node.mode))) return
    node.content = text
    node.mtime = undefined
  },
}

/**
 * Makes, moves and removes names at random below an empty directory, foretelling every success and error by a model, and compares
 * the whole tree with it. Throws with the seed and the last operations at the first difference. Changes the working folder.
 */
export function stressTree({ dir, seed, ops, beforeOp }: TreeStress): Record<string, number> {
  sys.chdir(dir)
  sys.umask(0o022)
  const state: State = { random: seededRandom(seed), top: modelNode('directory', 0o755), log: [] }
  const counts: Record<string, number> = {}
  try {
    for (let number = 1; number <= ops; number++) {
      beforeOp?.(number)
      const name = state.random.pick(Object.keys(OPS))
      OPS[name]?.(state)
      counts[name] = (counts[name] ?? 0) + 1
      if (number % COMPARE_EVERY === 0) compareTree(state.top)
    }
    compareTree(state.top)
    return counts
  } catch (error) {
    throw new Error(`tree stress, seed ${seed}: ${String(error)}\n${state.log.join('\n')}`, { cause: error })
  }
}

function place({ random, top }: State): Place {
  const { path, node: parent } = random.pick(directoriesOf(top))
  const name = random.pick(NAMES)
  return { path: `${path}/${name}`, parent, name, node: parent.children.get(name) }
}

function directoryErrors(node: ModelNode, code: string): string[] {
  return node.kind === 'directory' ? [code] : []
}

/** Whether the call succeeded, which must be when no error is expected; one of the expected ones otherwise. */
function expect(state: State, what: string, errors: readonly string[], call: () => void): boolean {
  state.log.push(what)
  if (state.log.length > LOG_LINES) state.log.shift()
  try {
    call()
  } catch (error) {
    if (error instanceof sys.SysError && errors.includes(error.code)) return false
    throw new Error(`${what}: ${String(error)}, should be ${errors.join(' or ') || 'a success'}`)
  }
  if (errors.length > 0) throw new Error(`${what} succeeded, should fail with ${errors.join(' or ')}`)
  return true
}

function compareTree(top: ModelNode): void {
  const links = countLinks(top)
  const inodes = new Map<bigint, ModelNode>()
  for (const { path, node } of directoriesOf(top)) {
    same(`names of ${path}`, names(path).join(), [...node.children.keys()].sort().join())
    for (const [name, child] of node.children) {
      const { ino } = compareNode(`${path}/${name}`, child, links.get(child) ?? 1)
      if ((inodes.get(ino) ?? child) !== child)
        throw new Error(`${path}/${name} shares its inode number with another file`)
      inodes.set(ino, child)
    }
  }
  same('inode numbers', inodes.size, links.size)
}

function compareNode(path: string, node: ModelNode, links: number): sys.Stat {
  const found = sys.lstat(path)
  const types = { file: sys.S_IFREG, directory: sys.S_IFDIR, symlink: sys.S_IFLNK }
  same(`type of ${path}`, found.type, types[node.kind])
  same(`mode of ${path}`, found.permissions, node.mode)
  if (node.mtime !== undefined) same(`mtime of ${path}`, found.mtime, node.mtime)
  if (node.kind === 'directory') {
    const folders = [...node.children.values()].filter(child => child.kind === 'directory')
    same(`links of ${path}`, found.nlink, 2 + folders.length)
  } else same(`links of ${path}`, found.nlink, links)
  if (node.kind === 'file') same(`content of ${path}`, content(path), node.content)
  if (node.kind === 'symlink') same(`target of ${path}`, sys.readlink(path).toString(), node.content)
  for (const [name, value] of node.xattrs) same(`${name} of ${path}`, sys.getxattr(path, name).toString(), value)
  return found
}

function same<T>(what: string, found: T, wanted: T): void {
  if (found !== wanted) throw new Error(`${what}: ${String(found)}, should be ${String(wanted)}`)
}
