import { posix } from 'node:path'
import { type Finding, lineAt, type SourceFile } from './tree.ts'

/** Which other rooms each room may open; `'*'` is all of them. */
export type Doors = Readonly<Record<string, readonly string[] | '*'>>

/** The room a file is in, by the longest name in the table, or undefined outside `src/` and in no room of it. */
export function roomOf(path: string, doors: Doors): string | undefined {
  const rooms = Object.keys(doors).filter(room => path.startsWith(`src/${room}/`))
  return rooms.sort((a, b) => b.length - a.length)[0]
}

/**
 * True for tests, fuzzers, benchmarks and what only they use: `testing.ts` and folders named `test` or `testing`.
 * They may set up a room with the real `#host`, and use it through its own door.
 */
export function isTestFile(path: string): boolean {
  return /\.(test|fuzz|bench)\.ts$|(^|\/)testing\.ts$|\/test(ing)?\//.test(path)
}

/** One thing a file imports, by `import`, `export from`, `import()` or `new URL(…, import.meta.url)`. */
export interface Import {
  readonly specifier: string
  readonly offset: number
  readonly isTypeOnly: boolean
}

const IMPORT_FORMS = [
  /^(?:import|export)\s+(type\s)?(?:[^'"`;]*?\sfrom\s*)?['"]([^'"]+)['"]/gm,
  /\bimport\(\s*(type\s)?['"]([^'"]+)['"]/g,
  /\bnew URL\(\s*(type\s)?['"]([^'"]+)['"],\s*import\.meta\.url/g,
]

/** Everything `text` imports. */
export function importsOf(text: string): Import[] {
  return IMPORT_FORMS.flatMap(form =>
    [...text.matchAll(form)].map(match => ({
      specifier: match[2] ?? '',
      offset: match.index,
      isTypeOnly: match[1] !== undefined,
    })),
  )
}

/** Relative paths that leave their room, rooms opened without a door in the table, and source outside every room. */
export function checkDoors(files: readonly SourceFile[], doors: Doors): Finding[] {
  return files
    .filter(file => file.path.endsWith('.ts'))
    .flatMap(file => {
      const room = roomOf(file.path, doors)
      if (room === undefined && file.path.startsWith('src/')) {
        return [{ path: file.path, line: 1, message: 'is in no room of the table of doors' }]
      }
      return importsOf(file.text).flatMap(each => {
        const message = each.specifier.startsWith('#')
          ? whyClosed(file.path, room, each.specifier, doors)
          : whyOutside(file.path, room, each.specifier, doors)
        return message === undefined ? [] : [{ path: file.path, line: lineAt(file.text, each.offset), message }]
      })
    })
}

function whyClosed(path: string, room: string | undefined, specifier: string, doors: Doors): string | undefined {
  const other = specifier.slice(1)
  if (!Object.hasOwn(doors, other)) return `opens ${specifier}, which is no room of the table of doors`
  if (room === undefined) return undefined
  if (other === room) return isTestFile(path) ? undefined : `opens its own room as ${specifier}; use a relative path`
  const open = doors[room] ?? []
  if (open === '*' || open.includes(other) || (isTestFile(path) && other === 'host')) return undefined
  return `opens ${specifier}, but ${room} has doors only to: ${open.join(', ') || 'none'}`
}

function whyOutside(path: string, room: string | undefined, specifier: string, doors: Doors): string | undefined {
  if (!specifier.startsWith('.')) return undefined
  const target = posix.join(posix.dirname(path), specifier)
  if (room === undefined)
    return target.startsWith('src/') ? `reaches into ${target}; open the room as #room` : undefined
  // Not a room: what the release is called is written once, in package.json.
  if (target === 'package.json') return undefined
  // What tests of several rooms set up is in test/, such as a real etcd.
  if (target.startsWith('test/') && isTestFile(path)) return undefined
  if (isTestFile(target) && !isTestFile(path)) return `imports ${specifier}, which is only for tests`
  return roomOf(target, doors) === room ? undefined : `${specifier} leaves the room ${room}; open the other as #room`
}

/** Rooms that can be reached from themselves through the table, and doors to rooms it does not have. */
export function checkTable(doors: Doors): Finding[] {
  const finding = (message: string): Finding => ({ path: 'test/tidy.test.ts', line: 1, message })
  const unknown = Object.entries(doors).flatMap(([room, open]) =>
    open === '*'
      ? []
      : open
          .filter(other => !Object.hasOwn(doors, other))
          .map(other => `${room} has a door to ${other}, which is no room`),
  )
  const cyclic = Object.keys(doors).filter(room => reachable(room, doors).has(room))
  return [...unknown, ...cyclic.map(room => `${room} can be reached from itself: doors must not form a circle`)].map(
    finding,
  )
}

function reachable(from: string, doors: Doors): Set<string> {
  const seen = new Set<string>()
  const open = (room: string): readonly string[] => {
    const others = doors[room] ?? []
    return others === '*' ? Object.keys(doors).filter(other => other !== room) : others
  }
  const waiting = [...open(from)]
  for (let room = waiting.pop(); room !== undefined; room = waiting.pop()) {
    if (seen.has(room)) continue
    seen.add(room)
    waiting.push(...open(room))
  }
  return seen
}
