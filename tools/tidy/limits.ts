import type { Finding, SourceFile } from './tree.ts'

const HEAD = `# Limits

Every queue, loop, cache and message has a named maximum. This list is made from the \`limits.ts\` of each room by
\`npm run check -- --fix\`; \`npm run check\` fails when it is out of date.
`

/** LIMITS.md as it has to be for these files. */
export function limitsPage(files: readonly SourceFile[]): string {
  const tables = files
    .filter(file => /^src\/.*\blimits\.ts$/.test(file.path))
    .map(file => {
      const rows = limitsOf(file.text).map(each => `| \`${each.name}\` | \`${each.value}\` | ${each.promise} |`)
      const folder = file.path.slice('src/'.length, -'/limits.ts'.length)
      return `\n## ${folder}\n\n| limit | value | what it bounds |\n|---|---|---|\n${rows.join('\n')}\n`
    })
  return HEAD + tables.join('')
}

/** LIMITS.md when it is missing or says something else than the sources. */
export function checkLimits(files: readonly SourceFile[]): Finding[] {
  const page = files.find(file => file.path === 'LIMITS.md')?.text
  if (page === limitsPage(files)) return []
  return [{ path: 'LIMITS.md', line: 1, message: 'is out of date; run: npm run check -- --fix' }]
}

interface Limit {
  readonly name: string
  readonly value: string
  readonly promise: string
}

/** The exported constants of one limits.ts. One without a comment of its own shares that of the one above. */
function limitsOf(text: string): Limit[] {
  const found: Limit[] = []
  const form =
    /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?export const ([A-Z][A-Z0-9_]*)\b[^=\n]*=\s*([\s\S]*?)(?=\n\S|\n\n|\n*$(?![\s\S]))/g
  for (const [, comment, name = '', value = ''] of text.matchAll(form)) {
    const promise = comment === undefined ? found.at(-1)?.promise : comment.replace(/^\s*\*/gm, '')
    found.push({
      name,
      value: oneLine(value.replace(/ as const$/, '')),
      promise: oneLine(promise ?? '').replaceAll('|', '\\|'),
    })
  }
  return found
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
