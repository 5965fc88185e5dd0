import { readFileSync } from 'node:fs'
import { release } from 'node:os'
import type { TargetKind } from './target.ts'

/** A plain folder of the disk that all targets share: the limit. */
export const disk: TargetKind = {
  name: 'disk',
  whyNot: () => undefined,
  open: async ({ folder }) => ({
    name: 'disk',
    title: `${filesystemOf(folder)} of Linux ${release()}, the disk that all share`,
    folder,
    pids: () => [],
    restart: async () => 0,
    [Symbol.asyncDispose]: async () => {},
  }),
}

/** The type of the filesystem a folder is on, from the mount with the longest matching path. */
export function filesystemOf(folder: string): string {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map(line => ({ path: line.split(' ')[4] ?? '', type: line.split(' - ')[1]?.split(' ')[0] ?? '' }))
    .filter(({ path }) => path === '/' || folder === path || folder.startsWith(`${path}/`))
  return mounts.reduce((best, each) => (each.path.length >= best.path.length ? each : best), { path: '', type: '' })
    .type
}
