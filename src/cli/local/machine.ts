import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { isSystemError } from '#base'
import type { CheckRow } from '#rpc'
import { formatBytes } from '../format.ts'
import { PROBE_MS } from '../limits.ts'
import { isRoot } from './terminal.ts'

/** Checks of this machine that need no running Cairn. */
export async function machineChecks(dataFolder: string, nowMs: number): Promise<readonly CheckRow[]> {
  const local = [
    nodeCheck(),
    deviceCheck(),
    helperCheck(),
    kernelCheck(),
    folderCheck(dataFolder),
    spaceCheck(dataFolder),
  ]
  return [...local, clockCheck(nowMs), await mountsCheck()]
}

function nodeCheck(): CheckRow {
  const { node } = process.versions
  if (Number(node.split('.')[0]) >= 24) return { name: 'node', state: 'ok', detail: `version ${node}` }
  return { name: 'node', state: 'fail', detail: `version ${node} is too old`, remedy: 'Run Cairn by `npm start`.' }
}

function deviceCheck(): CheckRow {
  const name = '/dev/fuse'
  try {
    fs.closeSync(fs.openSync(name, fs.constants.O_RDWR))
    return { name, state: 'ok', detail: 'can be opened' }
  } catch (error) {
    if (!isSystemError(error)) throw error
    const remedy = error.code === 'ENOENT' ? 'As root: modprobe fuse.' : 'As root: chmod 0666 /dev/fuse.'
    return { name, state: 'fail', detail: `${error.code}: filesystems cannot be mounted`, remedy }
  }
}

function helperCheck(): CheckRow {
  const name = 'fusermount3'
  const found = (process.env['PATH'] ?? '').split(':').find(folder => fs.existsSync(path.join(folder, name)))
  if (found !== undefined) return { name, state: 'ok', detail: path.join(found, name) }
  if (isRoot()) return { name, state: 'ok', detail: 'not installed; root does not need it' }
  const remedy = 'Install it: apt-get install --no-install-recommends fuse3'
  return { name, state: 'fail', detail: 'not installed: users other than root cannot mount', remedy }
}

function kernelCheck(): CheckRow {
  const release = os.release()
  const [major = 0, minor = 0] = release.split('.').map(Number)
  if (major > 6 || (major === 6 && minor >= 9)) return { name: 'kernel', state: 'ok', detail: release }
  const remedy = 'Use kernel 6.9 or later for mounts that outlive a storage process.'
  return { name: 'kernel', state: 'warn', detail: `${release} cannot resend FUSE requests`, remedy }
}

function folderCheck(folder: string): CheckRow {
  const name = 'data folder'
  const stats = statOf(folder)
  if (stats === undefined) return { name, state: 'ok', detail: `${folder} is made at the first start` }
  const mode = (stats.mode & 0o7777).toString(8)
  if (!stats.isDirectory()) {
    return { name, state: 'fail', detail: `${folder} is no folder`, remedy: 'Choose another one with --data.' }
  }
  if ((stats.mode & 0o077) === 0) return { name, state: 'ok', detail: `${folder}, mode ${mode}` }
  return { name, state: 'fail', detail: `${folder} has mode ${mode}: others can get in`, remedy: `chmod 700 ${folder}` }
}

function spaceCheck(folder: string): CheckRow {
  const name = 'disk space'
  let existing = folder
  while (statOf(existing) === undefined && existing !== '/') existing = path.dirname(existing)
  const { bavail, bsize, blocks } = fs.statfsSync(existing)
  const detail = `${formatBytes(bavail * bsize)} free of ${formatBytes(blocks * bsize)} under ${existing}`
  if (bavail * bsize >= 2 * 1024 ** 3 && bavail >= blocks / 20) return { name, state: 'ok', detail }
  const remedy = 'Cairn leaves 5 % or 2 GiB of a shared disk free: make room, or choose another disk with --data.'
  return { name, state: 'warn', detail, remedy }
}

// A clock before this program was written is wrong.
function clockCheck(nowMs: number): CheckRow {
  const detail = new Date(nowMs).toISOString()
  if (nowMs > BUILT_MS) return { name: 'clock', state: 'ok', detail }
  return { name: 'clock', state: 'fail', detail, remedy: 'Set the clock: timedatectl set-ntp true' }
}

const BUILT_MS = Date.UTC(2026, 0, 1)

async function mountsCheck(): Promise<CheckRow> {
  const name = 'mounts'
  const paths = cairnMounts()
  const states = await Promise.all(paths.map(async mount => ({ mount, state: await probe(mount) })))
  const bad = states.filter(({ state }) => state !== 'answers')
  if (bad.length === 0) return { name, state: 'ok', detail: paths.length === 0 ? 'none' : paths.join(', ') }
  const detail = bad.map(({ mount, state }) => `${mount} ${state}`).join(', ')
  const remedy = `\`cairn up\` heals its own; else: umount -l ${bad[0]?.mount ?? ''}`
  return { name, state: 'fail', detail, remedy }
}

function cairnMounts(): readonly string[] {
  const lines = fs.readFileSync('/proc/self/mountinfo', 'utf8').split('\n')
  return lines.flatMap(line => {
    const [before = '', after = ''] = line.split(' - ')
    const target = before.split(' ')[4]
    if (target === undefined || !after.startsWith('fuse.cairn ')) return []
    return [target.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))]
  })
}

// By another process: a mount that hangs would hang this one.
function probe(mount: string): Promise<'answers' | 'is dead' | 'does not answer'> {
  return new Promise(resolve => {
    const child = execFile('stat', ['--', mount], { timeout: PROBE_MS, killSignal: 'SIGKILL' }, error => {
      if (error === null) resolve('answers')
      else resolve(error.killed === true ? 'does not answer' : 'is dead')
    })
    child.unref()
  })
}

function statOf(target: string): fs.Stats | undefined {
  try {
    return fs.statSync(target, { throwIfNoEntry: false })
  } catch (error) {
    if (isSystemError(error)) return undefined
    throw error
  }
}
