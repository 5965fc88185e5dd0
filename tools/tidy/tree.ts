import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/** The folder of package.json. */
export const root = dirname(dirname(import.meta.dirname))

/** One file of the tree, as the checks see it. `path` is relative to the root. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

/** What a check has to say: where, and what to do instead. */
export interface Finding {
  readonly path: string
  readonly line: number
  readonly message: string
}

/** Paths of all files that are or could be tracked; outside a git checkout, of all that are not installed. */
export function listFiles(): string[] {
  const paths = existsSync(join(root, '.git')) ? listedByGit() : walk(root)
  return paths.filter(path => existsSync(join(root, path))).sort()
}

/** Reads every text file of the tree. */
export function readTree(): SourceFile[] {
  return listFiles()
    .map(path => ({ path, text: readFileSync(join(root, path), 'utf8') }))
    .filter(file => !file.text.includes('\0'))
}

/** The number of the line `offset` is in, from 1. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}

/** Findings as lines an editor can follow. */
export function show(findings: readonly Finding[]): string {
  return findings.map(each => `${each.path}:${each.line} ${each.message}`).join('\n')
}

// Another owner's checkout is named safe for this one read, so that the tests run there too.
function listedByGit(): string[] {
  const args = ['-c', `safe.directory=${root}`, 'ls-files', '-z', '--cached', '--others', '--exclude-standard']
  return execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean)
}

function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    if (['node_modules', '.setup', '.git'].includes(entry.name)) return []
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return walk(path)
    return entry.isFile() ? [relative(root, path)] : []
  })
}
