import { posix } from 'node:path'
import { type Finding, lineAt, type SourceFile } from './tree.ts'

/** Links of Markdown files, and files they name, that lead to nothing in the tree. */
export function checkLinks(files: readonly SourceFile[]): Finding[] {
  const paths = new Set(files.flatMap(file => withFolders(file.path)))
  return files
    .filter(file => file.path.endsWith('.md'))
    .flatMap(file =>
      namedIn(file)
        .filter(({ path }) => !paths.has(path))
        .map(({ path, offset }) => ({
          path: file.path,
          line: lineAt(file.text, offset),
          message: `names ${path}, which is not there`,
        })),
    )
}

interface Named {
  readonly path: string
  readonly offset: number
}

/** Link targets relative to the file, and paths anywhere in the text that begin with a folder of the root. */
function namedIn(file: SourceFile): Named[] {
  const links = [...file.text.matchAll(/\]\((?![a-z]+:|#)([^)\s#]+)[^)]*\)/g)].map(match => ({
    path: posix.join(posix.dirname(file.path), match[1] ?? '').replace(/\/$/, ''),
    offset: match.index,
  }))
  const mentions = [...file.text.matchAll(/(?<![\w/.(-])(?:src|test|tools|sim|bench|docs|bin)\/[\w./-]*\w/g)]
  const ticks = mentions.map(match => ({ path: match[0], offset: match.index }))
  return [...links, ...ticks]
}

function withFolders(path: string): string[] {
  const parts = path.split('/')
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'))
}
