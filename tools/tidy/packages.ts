import { importsOf, isTestFile } from './doors.ts'
import { type Finding, lineAt, type SourceFile } from './tree.ts'

/** What `src/` imports at run time without package.json naming it as a dependency, and dependencies CONTRIBUTING.md does not explain. */
export function checkPackages(files: readonly SourceFile[]): Finding[] {
  const manifest = JSON.parse(textOf(files, 'package.json') || '{}') as Record<
    string,
    Record<string, string> | undefined
  >
  const named = { ...manifest['dependencies'], ...manifest['devDependencies'], ...manifest['optionalDependencies'] }
  const explained = textOf(files, 'CONTRIBUTING.md')
  return [
    ...files.filter(isRunTime).flatMap(file => unnamed(file, manifest['dependencies'] ?? {})),
    ...Object.keys(named)
      .filter(name => !explained.includes(`\`${name}\``))
      .map(name => ({ path: 'CONTRIBUTING.md', line: 1, message: `does not say why \`${name}\` is a dependency` })),
  ]
}

function isRunTime(file: SourceFile): boolean {
  return file.path.startsWith('src/') && file.path.endsWith('.ts') && !isTestFile(file.path)
}

function unnamed(file: SourceFile, dependencies: Readonly<Record<string, string>>): Finding[] {
  return importsOf(file.text)
    .filter(({ specifier }) => /^[@a-z]/.test(specifier) && !specifier.startsWith('node:'))
    .filter(({ specifier }) => !Object.hasOwn(dependencies, packageOf(specifier)))
    .map(each => ({
      path: file.path,
      line: lineAt(file.text, each.offset),
      message: `imports ${each.specifier}, which is not among the dependencies of package.json`,
    }))
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function textOf(files: readonly SourceFile[], path: string): string {
  return files.find(file => file.path === path)?.text ?? ''
}
