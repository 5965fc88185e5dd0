import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { isFault } from '#base'
import { checkHost, machineHost } from '#lab'
import { LABS } from './lab.ts'

/** Why this machine cannot have a lab, or false. */
export function whyNoLab(): string | false {
  try {
    checkHost(machineHost({ lab: '', folder: LABS, checkout: '/' }))
  } catch (error) {
    if (!isFault(error, 'Missing')) throw error
    return error.message
  }
  const device = DEVICES.find(each => !isUsable(each))
  if (device !== undefined) return `${device} cannot be opened`
  const probe = PROBES.find(([program, ...words]) => spawnSync(program, words).status !== 0)
  return probe === undefined ? false : `\`${probe.join(' ')}\` fails here`
}

const DEVICES = ['/dev/fuse', '/dev/net/tun', '/dev/loop-control']
const PROBES = [
  ['unshare', '--net', '--mount', 'true'],
  ['losetup', '--find'],
] as const

function isUsable(device: string): boolean {
  try {
    accessSync(device, constants.R_OK | constants.W_OK)
    return true
  } catch {
    return false
  }
}
