import { codeOnly } from './code.ts'
import { importsOf, isTestFile } from './doors.ts'
import { type Finding, lineAt, type SourceFile } from './tree.ts'

/** Modules that only compute. */
const PURE_MODULES = new Set(['node:assert/strict', 'node:buffer', 'node:crypto', 'node:util', 'node:vm', 'node:zlib'])

/** Packages that reach the machine. */
const MACHINE_PACKAGES = new Set(['koffi'])

/** Names that mean clock, timers, randomness, network or process. `World` has them all. */
const NAMES: readonly RegExp[] = [
  /\bDate\.now\b/g,
  /\bnew Date\(\s*\)/g,
  /(?<![.\w$#])performance\s*\./g,
  /(?<![.\w$#])(?:setTimeout|setInterval|setImmediate)\s*\(/g,
  /\bAbortSignal\.timeout\b/g,
  /\bMath\.random\b/g,
  /(?<![\w$#])(?:randomBytes|randomUUID|randomInt|randomFill|randomFillSync|getRandomValues)\b/g,
  /(?<![.\w$#])fetch\s*\(/g,
  /(?<![.\w$#])process\s*\./g,
  /(?<![.\w$#])console\s*\./g,
]

/** Uses of the machine in source that is handed a `World`: all of `src/` but `adapters` (path beginnings) and tests. */
export function checkBans(files: readonly SourceFile[], adapters: readonly string[]): Finding[] {
  return files
    .filter(file => file.path.startsWith('src/') && file.path.endsWith('.ts') && !isTestFile(file.path))
    .filter(file => !adapters.some(adapter => file.path.startsWith(adapter)))
    .flatMap(file => [...bannedImports(file), ...bannedNames(file)])
}

/** Rows of the adapter table that name no file: the table must not outlive what it excuses. */
export function checkAdapters(files: readonly SourceFile[], adapters: readonly string[]): Finding[] {
  return adapters
    .filter(adapter => !files.some(file => file.path.startsWith(adapter)))
    .map(adapter => ({ path: 'test/tidy.test.ts', line: 1, message: `the adapter ${adapter} is not in the tree` }))
}

function bannedImports(file: SourceFile): Finding[] {
  return importsOf(file.text)
    .filter(each => !each.isTypeOnly)
    .filter(({ specifier }) =>
      specifier.startsWith('node:') ? !PURE_MODULES.has(specifier) : MACHINE_PACKAGES.has(specifier),
    )
    .map(each => ({
      path: file.path,
      line: lineAt(file.text, each.offset),
      message: `imports ${each.specifier}; only host, main and adapters touch the machine, others are handed a World`,
    }))
}

function bannedNames(file: SourceFile): Finding[] {
  const code = codeOnly(file.text)
  return NAMES.flatMap(name =>
    [...code.matchAll(name)].map(match => ({
      path: file.path,
      line: lineAt(code, match.index),
      message: `uses ${match[0].replace(/[\s.(]+$/, '')}; take it from the World`,
    })),
  )
}
