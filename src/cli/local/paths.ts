import path from 'node:path'

/** The absolute form of a local path as a person wrote it; without a slash at the end. */
export function absoluteLocal(word: string): string {
  return path.resolve(word)
}

/** True when a word names a directory to put things into: it ends with a slash, or is `.` or `..`. */
export function namesDirectory(word: string): boolean {
  return word.endsWith('/') || /(^|\/)\.\.?$/.test(word)
}
