import type { JsonObject } from '#schema'
import { READ, rule } from './rule.ts'

/** What every machine of the cloud may do. What depends on the machine: `nodes/node-rights.ts`. */
export const NODE: readonly JsonObject[] = [
  rule(['create'], 'authentication.k8s.io', 'tokenreviews'),
  rule(['create'], 'authorization.k8s.io', 'localsubjectaccessreviews', 'subjectaccessreviews'),
  rule(READ, '', 'services'),
  rule(['create', 'patch', 'update'], '', 'events'),
  rule(['create', 'patch', 'update'], 'events.k8s.io', 'events'),
  rule(READ, 'discovery.k8s.io', 'endpointslices'),
  rule(READ, 'node.k8s.io', 'runtimeclasses'),
  rule(READ, 'storage.k8s.io', 'csidrivers'),
  rule(READ, 'cairn.dev', 'disks', 'filesystems', 'pools'),
]

/** What every machine could do once: taken from the role `node` of clouds that have it. */
export const FORMER_NODE: readonly JsonObject[] = [
  rule([...READ, 'create', 'patch', 'update'], '', 'nodes'),
  rule(['patch', 'update'], '', 'nodes/status', 'pods/status'),
  rule([...READ, 'create', 'delete'], '', 'pods'),
  rule(['create'], '', 'pods/eviction', 'serviceaccounts/token'),
  rule(READ, '', 'configmaps', 'persistentvolumeclaims', 'persistentvolumes', 'secrets', 'serviceaccounts', 'services'),
  rule(['patch', 'update'], '', 'persistentvolumeclaims/status'),
  rule(['create', 'delete', 'get', 'patch', 'update'], 'coordination.k8s.io', 'leases'),
  rule([...READ, 'create'], 'certificates.k8s.io', 'certificatesigningrequests'),
  rule(READ, 'storage.k8s.io', 'csidrivers', 'volumeattachments'),
  rule([...READ, 'create', 'delete', 'patch', 'update'], 'storage.k8s.io', 'csinodes'),
  rule([...READ, 'create', 'patch', 'update'], 'cairn.dev', 'disks'),
  rule(['patch', 'update'], 'cairn.dev', 'disks/status'),
]

/** What a phone or a laptop may do that was let in as a device: to renew its certificate. It reads its own record. */
export const DEVICE: readonly JsonObject[] = [rule(['create'], 'nanocloud.io', 'devices/certificates')]

/** What somebody may do who has what a bootstrap token was exchanged for: to ask for a certificate that needs no approval. */
export const CERTIFICATE_REQUEST: readonly JsonObject[] = [
  rule(['create'], 'nanocloud.io', 'certificates', 'devices/certificates'),
]

/** What somebody may do who has only a bootstrap token: to ask for a certificate. */
export const BOOTSTRAP: readonly JsonObject[] = [
  rule([...READ, 'create'], 'certificates.k8s.io', 'certificatesigningrequests'),
  ...CERTIFICATE_REQUEST,
]
