import path from 'node:path'
import { type LabHost, machineHost } from '#lab'

/** This machine as that lab is made on it. Labs are kept in CAIRN_LABS, else /var/lib/cairn-lab. */
export function labHost(lab: string): LabHost {
  const chosen = process.env['CAIRN_LABS'] ?? ''
  return machineHost({
    lab,
    folder: path.resolve(chosen === '' ? '/var/lib/cairn-lab' : chosen),
    checkout: path.resolve(import.meta.dirname, '..', '..', '..'),
  })
}
