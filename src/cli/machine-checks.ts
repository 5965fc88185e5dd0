import { type CheckRow, DATA_VERSION, dataVersionOf } from '#rpc'
import { formatBytes } from './format.ts'

/** How a mount of Cairn took a question. */
export type MountState = 'answers' | 'is dead' | 'does not answer'

/** What Cairn depends on, as this machine has it. */
export interface MachineFacts {
  /** Versions, such as `24.21.0` and `6.12.3-amd64`. */
  readonly node: string
  readonly kernel: string
  readonly isRoot: boolean
  /** Why /dev/fuse cannot be opened, such as `EACCES`; undefined when it can. */
  readonly fuseError: string | undefined
  readonly fusermount: { readonly path: string; readonly isSetuid: boolean } | undefined
  readonly dataFolder: {
    readonly path: string
    readonly found: { readonly isDirectory: boolean; readonly mode: number } | undefined
    /** What its version file says; undefined when there is none. */
    readonly version: string | undefined
    /** What of it this user cannot read and write, and why; undefined when there is nothing. */
    readonly closed: string | undefined
  }
  /** The disk of the data folder: `under` is the part of its path that exists. */
  readonly space: {
    readonly under: string
    readonly freeBytes: number
    readonly totalBytes: number
    /** The disk is there for Cairn alone. */
    readonly isOwn: boolean
  }
  readonly nowMs: number
  /** Of every Cairn of this machine. */
  readonly mounts: readonly { readonly path: string; readonly state: MountState }[]
}

/**
 * What is right and wrong about a machine, each wrong with its remedy. `served` are the mounts that the Cairn asked
 * about serves: those have to answer.
 */
export function machineChecks(facts: MachineFacts, served: readonly string[]): readonly CheckRow[] {
  const { node, kernel, dataFolder, space, nowMs, mounts } = facts
  return [
    nodeCheck(node),
    kernelCheck(kernel),
    deviceCheck(facts),
    helperCheck(facts),
    folderCheck(dataFolder),
    spaceCheck(space),
    clockCheck(nowMs),
    mountsCheck(mounts, served),
  ]
}

function nodeCheck(version: string): CheckRow {
  const name = 'node'
  if (Number(version.split('.')[0]) >= 24) return { name, state: 'ok', detail: `version ${version}` }
  return { name, state: 'fail', detail: `version ${version} is too old`, remedy: 'Run Cairn by `npm start`.' }
}

// FUSE_NOTIFY_RESEND came with 6.9 (include/uapi/linux/fuse.h, protocol 7.40).
function kernelCheck(release: string): CheckRow {
  const name = 'kernel'
  const [major = 0, minor = 0] = release.split('.').map(Number)
  if (major > 6 || (major === 6 && minor >= 9)) return { name, state: 'ok', detail: release }
  const remedy = 'Use kernel 6.9 or later: only there does a mount outlive its storage process.'
  return { name, state: 'warn', detail: `${release} cannot send FUSE requests again`, remedy }
}

function deviceCheck({ fuseError, isRoot }: MachineFacts): CheckRow {
  const name = '/dev/fuse'
  if (fuseError === undefined) return { name, state: 'ok', detail: 'can be opened' }
  const isDenied = fuseError === 'EACCES' || (fuseError === 'EPERM' && !isRoot)
  const remedy = isDenied
    ? 'As root: chmod 0666 /dev/fuse (in a container: give it the device).'
    : 'As root: modprobe fuse (in a container: --device /dev/fuse). Without it `cairn put` and `get` work.'
  return { name, state: 'fail', detail: `cannot be opened (${fuseError}): nothing can be mounted`, remedy }
}

function helperCheck({ fusermount, isRoot }: MachineFacts): CheckRow {
  const name = 'fusermount3'
  if (isRoot) return { name, state: 'ok', detail: `${fusermount?.path ?? 'not installed'}; root does not need it` }
  const remedy = 'As root: apt-get install --no-install-recommends fuse3'
  if (fusermount === undefined) return { name, state: 'fail', detail: 'not installed: this user cannot mount', remedy }
  const { path, isSetuid } = fusermount
  if (isSetuid) return { name, state: 'ok', detail: path }
  return {
    name,
    state: 'fail',
    detail: `${path} is not setuid: this user cannot mount`,
    remedy: `As root: chmod u+s ${path}`,
  }
}

function folderCheck({ path, found, version, closed }: MachineFacts['dataFolder']): CheckRow {
  const name = 'data folder'
  if (found === undefined) return { name, state: 'ok', detail: `${path} is made at the first start` }
  if (!found.isDirectory) {
    return { name, state: 'fail', detail: `${path} is no folder`, remedy: 'Choose another one with --data.' }
  }
  if (closed !== undefined) {
    return { name, state: 'fail', detail: `${closed}: Cairn cannot start`, remedy: OPEN_FOLDER }
  }
  const known = version === undefined ? DATA_VERSION : dataVersionOf(version)
  if (known === undefined) {
    const remedy = `${path}/version should hold "cairn-data ${DATA_VERSION}": restore it, or choose another with --data.`
    return { name, state: 'fail', detail: `${path} does not say which version of Cairn wrote it`, remedy }
  }
  if (known > DATA_VERSION) {
    const detail = `${path} was written by a newer Cairn (data version ${known}, known ${DATA_VERSION})`
    return { name, state: 'fail', detail, remedy: 'Update Cairn, or choose another folder with --data.' }
  }
  const mode = found.mode.toString(8)
  if ((found.mode & 0o077) === 0) return { name, state: 'ok', detail: `${path}, mode ${mode}` }
  return { name, state: 'fail', detail: `${path} has mode ${mode}: others can get in`, remedy: `chmod 700 ${path}` }
}

const OPEN_FOLDER = 'Let this user read and write all in it, or choose another with --data or CAIRN_DATA.'

function spaceCheck({ under, freeBytes, totalBytes, isOwn }: MachineFacts['space']): CheckRow {
  const name = 'disk space'
  const detail = `${formatBytes(freeBytes)} free of ${formatBytes(totalBytes)} under ${under}`
  if (freeBytes >= (isOwn ? 0 : 2 * 1024 ** 3) && freeBytes >= totalBytes / 20) return { name, state: 'ok', detail }
  const remedy = 'Cairn leaves 5 % and 2 GiB of a disk free: make room, or choose another disk with --data.'
  return { name, state: 'warn', detail, remedy }
}

// A clock before this program was written is wrong.
function clockCheck(nowMs: number): CheckRow {
  const detail = new Date(nowMs).toISOString()
  if (nowMs > WRITTEN_MS) return { name: 'clock', state: 'ok', detail }
  return { name: 'clock', state: 'fail', detail, remedy: 'Set the clock: timedatectl set-ntp true' }
}

const WRITTEN_MS = Date.UTC(2026, 0, 1)

function mountsCheck(mounts: MachineFacts['mounts'], served: readonly string[]): CheckRow {
  const name = 'mounts'
  const bad = mounts.filter(({ state }) => state !== 'answers')
  if (bad[0] === undefined) {
    const paths = mounts.map(mount => mount.path)
    return { name, state: 'ok', detail: paths.length === 0 ? 'none' : paths.join(', ') }
  }
  const isServed = bad.some(({ path }) => served.includes(path))
  return {
    name,
    state: isServed ? 'fail' : 'warn',
    detail: bad.map(({ path, state }) => `${path} ${state}`).join(', '),
    remedy: `\`cairn up\` heals its own mounts; else: umount -l ${bad[0].path}`,
  }
}
