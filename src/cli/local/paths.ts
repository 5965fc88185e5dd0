import path from 'node:path'

/** The absolute form of a local path as a person wrote it; without a slash at the end. */
export function absoluteLocal(word: string): string {
  return path.resolve(word)
}

/** True when a word names a directory to put things into: it ends with a slash, or is `.` or `..`. */
export function namesDirectory(word: string): boolean {
  return word.endsWith('/') || /(^|\/)\.\.?$/.test(word)
}

/** Leaves the working folder, so that a command started in a mount is no user of it. Relative words lose their meaning. */
export function leaveFolder(): void {
  process.chdir('/')
}
