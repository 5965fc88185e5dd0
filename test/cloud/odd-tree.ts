import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'

const MIB = 2 ** 20
const isRoot = process.geteuid?.() === 0

/** Fills a folder with what a person's tree may hold and programs stumble over. */
export function makeOddTree(root: string): void {
  const at = (name: string | Buffer) => Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name)])
  for (const name of ['a\nb', '-rf', ' ', '\u001b[31mred', 'ü🙂', 'x'.repeat(255), '*', 'back\\slash', '.hidden']) {
    fs.writeFileSync(at(name), `content of ${name}`)
  }
  fs.writeFileSync(at(Buffer.from([0xff, 0xfe, 0x80])), 'not UTF-8')
  fs.writeFileSync(at('empty'), '')
  fs.writeFileSync(at('large'), Buffer.alloc(9 * MIB + 7, 'large '))
  for (const [name, mode] of [
    ['setuid', 0o4755],
    ['closed', isRoot ? 0 : 0o400],
    ['open', 0o666],
    ['sticky', 0o1644],
  ] as const) {
    fs.writeFileSync(at(name), name)
    fs.chmodSync(at(name), mode)
  }
  fs.writeFileSync(at('first'), 'two names')
  fs.linkSync(at('first'), at('second'))
  fs.symlinkSync('nowhere/at all', at('link'))
  fs.symlinkSync(at(Buffer.from([0xff])), at('odd link'))
  execFileSync('mkfifo', [`${root}/fifo`])
  execFileSync(process.execPath, ['-e', `require('net').createServer().listen('${root}/socket', () => process.exit())`])
  const sparse = fs.openSync(at('sparse'), 'w')
  fs.writeSync(sparse, 'end', 64 * MIB)
  fs.closeSync(sparse)
  fs.mkdirSync(at('deep/er/est'), { recursive: true })
  fs.writeFileSync(at('deep/er/est/file'), 'deep')
  fs.mkdirSync(at('bare'))
  fs.chmodSync(at('bare'), 0o1777)
  if (isRoot) fs.chownSync(at('open'), 1234, 5678)
  // Times before 1970, and directories whose own time is older than what is in them.
  for (const name of ['empty', 'deep/er', 'deep', 'bare']) fs.utimesSync(at(name), -1_000_000.5, -1_000_000.5)
}

/** What matters about a file, to compare two trees. */
export interface Pictured {
  /** Byte for byte, below the root of the tree. */
  readonly name: string
  readonly kind: 'file' | 'directory' | 'symlink' | 'fifo'
  readonly owner: string
  readonly mode: number
  readonly mtimeNs: bigint
  /** Hash of a file, target of a symlink. */
  readonly content: string
  /** Names of the same file, the first one in order. */
  readonly firstName: string
}

/** A tree without its sockets, in order of names. */
export function pictureOf(root: string): readonly Pictured[] {
  const firstNames = new Map<bigint, string>()
  return namesBelow(root, '').flatMap(name => {
    const path = Buffer.concat([Buffer.from(root), Buffer.from(name, 'latin1')])
    const stats = fs.lstatSync(path, { bigint: true })
    if (stats.isSocket()) return []
    const { ino, uid, gid, mode, mtimeNs } = stats
    const firstName = stats.isDirectory() ? name : (firstNames.get(ino) ?? name)
    firstNames.set(ino, firstName)
    const owner = `${uid}:${gid}`
    return [
      {
        name,
        kind: kindOf(stats),
        owner,
        mode: Number(mode & 0o7777n),
        mtimeNs,
        content: contentOf(path, stats),
        firstName,
      },
    ]
  })
}

// Names as byte strings, directories before what is in them.
function namesBelow(root: string, below: string): readonly string[] {
  const folder = Buffer.concat([Buffer.from(root), Buffer.from(below, 'latin1')])
  const entries = fs.readdirSync(folder, { withFileTypes: true, encoding: 'buffer' })
  const named = entries.map(entry => ({
    name: `${below}/${entry.name.toString('latin1')}`,
    isFolder: entry.isDirectory(),
  }))
  named.sort((a, b) => (a.name < b.name ? -1 : 1))
  return named.flatMap(({ name, isFolder }) => (isFolder ? [name, ...namesBelow(root, name)] : [name]))
}

function kindOf(stats: fs.BigIntStats): Pictured['kind'] {
  if (stats.isDirectory()) return 'directory'
  if (stats.isSymbolicLink()) return 'symlink'
  return stats.isFIFO() ? 'fifo' : 'file'
}

function contentOf(path: Buffer, stats: fs.BigIntStats): string {
  if (stats.isSymbolicLink()) return fs.readlinkSync(path, 'latin1')
  return stats.isFile() ? createHash('sha256').update(fs.readFileSync(path)).digest('hex') : ''
}
