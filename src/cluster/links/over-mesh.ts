import type { MapMachine } from '../node-map.ts'

/**
 * The address of a machine on the mesh, as `HOST:PORT`: for machines that are reached in no other way, since the mesh is slower
 * than whatever it goes over. It listens there at the port at which it listens elsewhere.
 */
export function overMesh(machine: MapMachine | undefined): string | undefined {
  const address = machine?.mesh?.addresses[0]
  const port = machine?.addresses[0]?.split(':').at(-1)
  if (address === undefined || port === undefined) return undefined
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

/** Whether a machine that is at `host` is reached over the mesh: it is called so there, and its own end knows that as well. */
export function isOnMesh(host: string, machine: MapMachine | undefined): boolean {
  return machine?.mesh?.addresses.includes(host) ?? false
}
