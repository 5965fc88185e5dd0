import fs from 'node:fs'
import path from 'node:path'
import { isSystemError } from '#base'
import { mainFault } from '../faults.ts'
import { isCairnMount, mountOf } from '../mount-info.ts'
import { isWithin, realPathOf } from '../real-path.ts'
import { IDENTITY_NAME } from './identity.ts'
import type { Machine } from './machine.ts'

/** A folder that shall be a disk, and what it must not touch. */
export interface Candidate {
  readonly path: string
  /** True when people have said how much of it may be used. */
  readonly isSized: boolean
  readonly dataFolder: string
  /** Folders of the machine's disks besides that of the data folder, and whether each is there. */
  readonly others: readonly { readonly path: string; readonly isThere: boolean }[]
}

/**
 * The real path of a folder that may be a disk: there, empty or a disk of Cairn already, on a disk of this machine that no other
 * one of it is on. Changes nothing. Faults: Invalid, which says what is in the way.
 */
export async function checkCandidate(candidate: Candidate, machine: Machine): Promise<string> {
  refuseInsideCairn(candidate.path, machine)
  try {
    const folder = await realPathOf(candidate.path)
    refuseInsideCairn(folder, machine)
    if (!fs.statSync(folder).isDirectory()) throw refused(`${folder} is no folder`, NAME_A_FOLDER)
    refuseOverlap(folder, candidate)
    refuseKind(folder, machine)
    refuseDevice(folder, candidate, machine)
    refuseForeign(folder)
    return folder
  } catch (error) {
    if (!isSystemError(error)) throw error
    throw refused(`${candidate.path} cannot be used: ${error.message}`, NAME_A_FOLDER, error)
  }
}

const NAME_A_FOLDER = 'Mount the disk, and name an empty folder on it.'

// Before anything touches the path: in a mount of Cairn that may hang.
function refuseInsideCairn(folder: string, { mounts }: Machine): void {
  const served = mounts.find(mount => isCairnMount(mount) && isWithin(folder, mount.path))
  if (served === undefined) return
  throw refused(`${folder} is inside ${served.path}, which Cairn itself serves`, NAME_A_FOLDER)
}

function refuseOverlap(folder: string, { dataFolder, others }: Candidate): void {
  for (const other of [dataFolder, ...others.map(({ path: each }) => each)]) {
    const isOverlap = isWithin(folder, other) || isWithin(other, folder)
    if (isOverlap && folder !== other) throw refused(`${folder} and ${other} lie in one another`, NAME_A_FOLDER)
  }
  if (folder === dataFolder) throw refused(`${folder} is the data folder: it is the first disk already`, NAME_A_FOLDER)
}

function refuseKind(folder: string, { mounts }: Machine): void {
  const on = mountOf(folder, mounts)
  const why = on === undefined ? undefined : KINDS.find(([pattern]) => pattern.test(on.type))?.[1]
  if (why === undefined || on === undefined) return
  throw refused(`${folder} is on ${on.path} (${on.type}), which ${why}`, NAME_A_FOLDER)
}

/** Filesystems that are no disk of this machine, by their types (proc_filesystems(5)). */
const KINDS: readonly (readonly [RegExp, string])[] = [
  [/^(tmpfs|ramfs|devtmpfs)$/, 'is memory: nothing in it survives'],
  [/^(nfs4?|cifs|smb3|9p|ceph|afs|fuse|fuse\..*)$/, 'is not a disk of this machine'],
  [/^(squashfs|iso9660|erofs|cramfs|romfs)$/, 'cannot be written'],
  [/^(proc|sysfs|cgroup2?|devpts|efivarfs|vfat|msdos)$/, 'is not for data'],
]

function refuseDevice(folder: string, { dataFolder, others, isSized }: Candidate, { deviceOf }: Machine): void {
  const device = deviceOf(folder)
  const hint = 'Two folders of one disk fail together and share its space: name a folder on another disk.'
  if (device === deviceOf(dataFolder)) throw refused(`${folder} is on the same disk as the data folder`, hint)
  for (const other of others) {
    const isSame = other.isThere && other.path !== folder && device === deviceOf(other.path)
    if (isSame) throw refused(`${folder} is on the same disk as ${other.path}`, hint)
  }
  if (device !== deviceOf('/') || isSized) return
  throw refused(`${folder} is on the disk of the system`, 'Say how much of it may be used, with --size.')
}

function refuseForeign(folder: string): void {
  const names = fs.readdirSync(folder)
  if (names.includes(IDENTITY_NAME)) return
  const foreign = names.find(name => !LEFT_ALONE.has(name))
  if (foreign === undefined) return
  throw refused(
    `${folder} is not empty: there is ${foreign}`,
    `Make an empty folder on it: ${path.join(folder, 'cairn')}`,
  )
}

// What filesystems make themselves, and what an addition that was cut off may leave.
const LEFT_ALONE: ReadonlySet<string> = new Set(['lost+found', `${IDENTITY_NAME}.new`])

function refused(message: string, hint: string, cause?: unknown): Error {
  return mainFault('Invalid', message, { hint, cause })
}
