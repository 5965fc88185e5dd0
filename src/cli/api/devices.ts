import type { ApiResource } from '#client'

/** The kind of devices. */
export const DEVICES: ApiResource = {
  group: 'nanocloud.io',
  version: 'v1',
  plural: 'devices',
  kind: 'Device',
  isNamespaced: true,
}

/** What the record of a device is called. */
export function nameOf(hash: string): string {
  return `device-${hash}`
}
