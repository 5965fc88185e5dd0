import { randomBytes } from 'node:crypto'

/** What a device is known by that nobody has named: 32 hexadecimal digits. */
export function newDeviceHash(): string {
  return randomBytes(16).toString('hex')
}
