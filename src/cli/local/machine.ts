import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type ByteString, isSystemError, textOf } from '#base'
import { versionFileOf } from '#rpc'
import { PROBE_MS } from '../limits.ts'
import type { MachineFacts, MountState } from '../machine-checks.ts'
import { isRoot } from './terminal.ts'

/** Looks at this machine as far as Cairn depends on it. Mounts are touched by child processes only. */
export async function machineFacts(dataFolder: string, nowMs: number): Promise<MachineFacts> {
  return {
    node: process.versions.node,
    kernel: os.release(),
    isRoot: isRoot(),
    fuseError: openError('/dev/fuse'),
    fusermount: fusermount(),
    dataFolder: folderFacts(dataFolder),
    space: spaceUnder(dataFolder),
    nowMs,
    mounts: await Promise.all(
      cairnMounts()
        .map(textOf)
        .map(async mount => ({ path: mount, state: await probe(mount) })),
    ),
  }
}

function folderFacts(folder: string): MachineFacts['dataFolder'] {
  const facts = { path: folder, found: statOf(folder), version: undefined, closed: undefined }
  if (facts.found?.isDirectory !== true) return facts
  const closed = [folder, `${folder}/chunks`, `${folder}/fs`].map(closedError).find(error => error !== undefined)
  if (closed !== undefined) return { ...facts, closed }
  return { ...facts, version: textIn(versionFileOf(folder)) }
}

function closedError(folder: string): string | undefined {
  try {
    fs.accessSync(folder, fs.constants.R_OK | fs.constants.W_OK | fs.constants.X_OK)
    return undefined
  } catch (error) {
    if (!isSystemError(error)) throw error
    return error.code === 'ENOENT' ? undefined : error.message
  }
}

function textIn(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined
    if (isSystemError(error)) return ''
    throw error
  }
}

function openError(device: string): string | undefined {
  try {
    fs.closeSync(fs.openSync(device, fs.constants.O_RDWR))
    return undefined
  } catch (error) {
    if (isSystemError(error)) return error.code ?? error.message
    throw error
  }
}

function fusermount(): MachineFacts['fusermount'] {
  const folders = (process.env['PATH'] ?? '').split(':').filter(folder => folder !== '')
  for (const file of folders.map(folder => path.join(folder, 'fusermount3'))) {
    const stats = statOf(file)
    if (stats !== undefined) return { path: file, isSetuid: (stats.mode & 0o4000) !== 0 }
  }
  return undefined
}

function spaceUnder(folder: string): MachineFacts['space'] {
  let existing = path.resolve(folder)
  while (statOf(existing) === undefined && existing !== '/') existing = path.dirname(existing)
  const { bavail, bsize, blocks } = fs.statfsSync(existing)
  // Mounted at the data folder itself: it is there for Cairn alone.
  const isOwn = existing === path.resolve(folder) && deviceOf(existing) !== deviceOf(path.dirname(existing))
  return { under: existing, freeBytes: bavail * bsize, totalBytes: blocks * bsize, isOwn }
}

function deviceOf(folder: string): number {
  return fs.statSync(folder).dev
}

/** Where a Cairn is mounted on this machine. Reading the table touches no mount. */
export function cairnMounts(): readonly ByteString[] {
  const lines = fs.readFileSync('/proc/self/mountinfo', 'latin1').split('\n')
  return lines.flatMap(line => {
    const [before = '', after = ''] = line.split(' - ')
    const target = before.split(' ')[4]
    if (target === undefined || !after.startsWith('fuse.cairn ')) return []
    return [target.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))]
  })
}

// By another process, which statfs(2) makes ask the server. One that hangs cannot even be killed: it is left behind.
function probe(mount: string): Promise<MountState> {
  return new Promise((resolve, reject) => {
    const child = spawn('stat', ['-f', '--', mount], { stdio: 'ignore' })
    const late = setTimeout(() => {
      child.kill('SIGKILL')
      child.unref()
      resolve('does not answer')
    }, PROBE_MS)
    child.once('error', reject)
    child.once('exit', code => {
      clearTimeout(late)
      resolve(code === 0 ? 'answers' : 'is dead')
    })
  })
}

function statOf(target: string): { readonly isDirectory: boolean; readonly mode: number } | undefined {
  try {
    const stats = fs.statSync(target, { throwIfNoEntry: false })
    return stats === undefined ? undefined : { isDirectory: stats.isDirectory(), mode: stats.mode & 0o7777 }
  } catch (error) {
    if (isSystemError(error)) return undefined
    throw error
  }
}
