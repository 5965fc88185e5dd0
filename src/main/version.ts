import fs from 'node:fs'

/** The version of this program, from its package.json. */
export function cairnVersion(): string {
  const text = fs.readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  const { version }: { version?: unknown } = JSON.parse(text)
  return typeof version === 'string' ? version : 'unknown'
}

/** How this program names itself to others. */
export function softwareName(): string {
  return `cairn ${cairnVersion()}`
}
