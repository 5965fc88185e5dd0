import { type Doors, roomOf } from './doors.ts'
import type { Finding, SourceFile } from './tree.ts'

/** Lines a source file may have. Half of it is the moment to look for the second noun. */
export const FILE_LINES_MAX = 500

/** Lines a room's README may have. */
export const README_LINES_MAX = 40

/** Rooms without a door or a README, READMEs that are books, files that hold more than one noun, wrong file names. */
export function checkRooms(files: readonly SourceFile[], doors: Doors): Finding[] {
  const rooms = new Set(files.map(file => roomOf(file.path, doors)).filter(room => room !== undefined))
  return [...[...rooms].flatMap(room => missing(room, files, doors)), ...files.flatMap(tooLong)]
}

/** A room that may open all others is opened by none and needs no door. */
function missing(room: string, files: readonly SourceFile[], doors: Doors): Finding[] {
  return (doors[room] === '*' ? ['README.md'] : ['index.ts', 'README.md'])
    .map(name => `src/${room}/${name}`)
    .filter(path => !files.some(file => file.path === path))
    .map(path => ({ path, line: 1, message: `is missing: every room has one` }))
}

function tooLong(file: SourceFile): Finding[] {
  const lines = file.text.trimEnd().split('\n').length
  const most = /\.(ts|mjs)$/.test(file.path)
    ? FILE_LINES_MAX
    : /^src\/.*README\.md$/.test(file.path)
      ? README_LINES_MAX
      : Number.POSITIVE_INFINITY
  return lines <= most ? [] : [{ path: file.path, line: most + 1, message: `has ${lines} lines, ${most} are allowed` }]
}
