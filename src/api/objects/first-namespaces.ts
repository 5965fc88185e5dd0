import { isFault } from '#base'
import { apiFault } from '../faults.ts'
import type { Registry } from '../registry.ts'
import { IMMORTAL_NAMESPACES } from './deletion.ts'
import type { Objects } from './objects.ts'

/** Makes the namespaces that every cloud has and nobody can delete; those that are there stay as they are. */
export async function ensureNamespaces(objects: Objects, registry: Registry, signal: AbortSignal): Promise<void> {
  const resource = registry.find({ group: '', version: 'v1', plural: 'namespaces' })
  if (resource === undefined) throw apiFault('InternalError', 'there is no resource namespaces')
  for (const name of IMMORTAL_NAMESPACES) {
    const request = { body: { metadata: { name } }, options: { unknowns: 'Ignore', isDryRun: false } } as const
    const named = { namespace: undefined, name: undefined }
    await objects.create(resource, named, request, signal).catch((error: unknown) => {
      if (!isFault(error, 'AlreadyExists')) throw error
    })
  }
}
