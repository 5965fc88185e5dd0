import { byteStringOfText, textOf } from '#base'
import type { Place } from '#rpc'
import { cliFault } from './faults.ts'

/** A place named on the command line: `NAME:/path`, or `/path` in the filesystem `home`. Faults: Usage. */
export function cloudPlace(word: string): Place {
  // What Node puts where an argument is no UTF-8: the bytes meant are lost.
  if (word.includes('\uFFFD')) {
    throw cliFault('Usage', `"${word}" is not valid UTF-8`, {
      hint: 'Such names cannot be named here: name the directory around them, or use the mount.',
    })
  }
  const match = /^(?:([a-z0-9-]+):)?(\/.*)$/s.exec(word)
  if (match !== null) return { filesystem: match[1] ?? 'home', path: byteStringOfText(match[2] ?? '/') }
  throw cliFault('Usage', `"${word}" is no path in Cairn`, {
    hint: 'Write /path for the filesystem home, or NAME:/path for another one.',
  })
}

/** A place as people write it. */
export function showPlace({ filesystem, path }: Place): string {
  return filesystem === 'home' ? textOf(path) : `${filesystem}:${textOf(path)}`
}

/** A place one name further down. */
export function placeBelow({ filesystem, path }: Place, name: string): Place {
  return { filesystem, path: path.endsWith('/') ? `${path}${name}` : `${path}/${name}` }
}

/** The last name of a path, as a byte string; empty for the root. */
export function lastName(path: string): string {
  return path.replace(/\/+$/, '').split('/').at(-1) ?? ''
}
