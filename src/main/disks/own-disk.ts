import fs from 'node:fs'
import path from 'node:path'

/** True when a disk is mounted at the folder itself: it is there for Cairn alone, and may be filled. */
export function isOwnDisk(folder: string, deviceOf: (path: string) => number = device): boolean {
  return folder !== '/' && deviceOf(folder) !== deviceOf(path.dirname(folder))
}

function device(folder: string): number {
  return fs.statSync(folder).dev
}
