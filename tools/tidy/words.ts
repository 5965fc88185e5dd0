import { isTestFile } from './doors.ts'
import { type Finding, lineAt, type SourceFile } from './tree.ts'

interface Rule {
  readonly pattern: RegExp
  readonly only: (path: string) => boolean
  readonly message: string
}

const isSource = (path: string): boolean => /\.(ts|mjs)$/.test(path)
const isShipped = (path: string): boolean => isSource(path) && !isTestFile(path) && !path.startsWith('test/')

// Patterns are put together from pieces, so that this file does not find itself.
const RULES: readonly Rule[] = [
  {
    pattern: new RegExp(`(?<=(?://|\\*|#).*)\\b(?:TO${'DO'}|FIX${'ME'}|X${'XX'}|HA${'CK'})\\b`, 'g'),
    only: isSource,
    message: 'unfinished: finish it, or refuse by name',
  },
  { pattern: /\b[Nn]ot (?:yet )?implemented\b/g, only: isShipped, message: 'unfinished: finish it, or refuse by name' },
  {
    pattern: new RegExp(
      `@ts-${'(?:ignore|nocheck|expect-error)'}|(?:oxlint|eslint|biome)-${'(?:disable|ignore)'}`,
      'g',
    ),
    only: isShipped,
    message: 'silences a check: mend what it found',
  },
  { pattern: /\b(?:test|it|describe|suite)\.only\(/g, only: isSource, message: 'leaves the other tests out' },
  {
    pattern: new RegExp(`/(?:work|farm|home/\\w+|Users)/${'[a-z]'}`, 'g'),
    only: () => true,
    message: "a path of somebody's machine",
  },
  {
    pattern: new RegExp(
      `\\b(?:registry\\.npm${'js'}|registry\\.yarn${'pkg'}|npm\\.pkg\\.github|deb\\.${'debian'}\\.org|pypi\\.${'org'})`,
      'g',
    ),
    only: () => true,
    message: 'names a registry host: it is a setting of the machine, not of the project',
  },
]

/** Words that must not be in tracked files: unfinished work, silenced checks, paths of a machine, registry hosts. */
export function checkWords(files: readonly SourceFile[]): Finding[] {
  return files.flatMap(file =>
    RULES.filter(rule => rule.only(file.path)).flatMap(rule =>
      [...file.text.matchAll(rule.pattern)].map(match => ({
        path: file.path,
        line: lineAt(file.text, match.index),
        message: `"${match[0]}" ${rule.message}`,
      })),
    ),
  )
}
