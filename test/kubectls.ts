import { execFileSync } from 'node:child_process'
import { accessSync, constants, readdirSync, realpathSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

/** A kubectl of this machine. */
export interface Kubectl {
  readonly path: string
  /** 33 for v1.33. */
  readonly minor: number
}

/** From here on kubectl leaves checking of fields to the server, and does all the tests ask of it. */
const NEW_ENOUGH = 27

/** Why tests are skipped that need one. */
export const NO_KUBECTL = `kubectl from 1.${NEW_ENOUGH} on is not installed`

/** The oldest and the newest kubectl from 1.27 on: that on PATH and those beside what it leads to; empty when there is none. */
export function findKubectls(): readonly string[] {
  const found = allKubectls().filter(({ minor }) => minor >= NEW_ENOUGH)
  const ends = [found[0], found.at(-1)].flatMap(each => each?.path ?? [])
  return [...new Set(ends)]
}

/** The newest of them. */
export function findKubectl(): string | undefined {
  return findKubectls().at(-1)
}

/** All there are, the oldest first, whatever their age. */
export function allKubectls(): readonly Kubectl[] {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const onPath = folders.map(folder => join(folder, 'kubectl')).filter(isProgram)
  const beside = onPath.flatMap(path => {
    const folder = dirname(realpathSync(path))
    return readdirSync(folder)
      .filter(name => /^kubectl\.1\.[0-9]+$/.test(name))
      .map(name => join(folder, name))
  })
  // Versioned names say their version; what only hands over to another is not asked when there are such.
  const paths = beside.length > 0 ? [...new Set(beside)] : onPath.slice(0, 1)
  return paths.map(path => ({ path, minor: minorOf(path) })).sort((a, b) => a.minor - b.minor)
}

function minorOf(path: string): number {
  const [, named] = /kubectl\.1\.([0-9]+)$/.exec(path) ?? []
  if (named !== undefined) return Number(named)
  try {
    const said: unknown = JSON.parse(execFileSync(path, ['version', '--client', '-o', 'json'], { encoding: 'utf8' }))
    return Number(/"minor":"([0-9]+)/.exec(JSON.stringify(said))?.[1] ?? 0)
  } catch {
    return 0 // a program of that name which is no kubectl
  }
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
