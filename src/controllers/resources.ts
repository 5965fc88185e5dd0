import type { ApiResource } from '#client'

/** Resources that controllers read and change, by the names of Kubernetes. */
export const NAMESPACES = core('namespaces', 'Namespace', false)
export const CONFIG_MAPS = core('configmaps', 'ConfigMap', true)
export const EVENTS = core('events', 'Event', true)
export const NODES = core('nodes', 'Node', false)
export const SECRETS = core('secrets', 'Secret', true)
export const SERVICE_ACCOUNTS = core('serviceaccounts', 'ServiceAccount', true)

export const LEASES: ApiResource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  isNamespaced: true,
}

export const CERTIFICATE_SIGNING_REQUESTS: ApiResource = {
  group: 'certificates.k8s.io',
  version: 'v1',
  plural: 'certificatesigningrequests',
  kind: 'CertificateSigningRequest',
  isNamespaced: false,
}

export const CUSTOM_RESOURCE_DEFINITIONS: ApiResource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  isNamespaced: false,
}

export const FILESYSTEMS = own('filesystems', 'Filesystem')
export const DISKS = own('disks', 'Disk')
export const POOLS = own('pools', 'Pool')

function own(plural: string, kind: string): ApiResource {
  return { group: 'cairn.dev', version: 'v1', plural, kind, isNamespaced: false }
}

function core(plural: string, kind: string, isNamespaced: boolean): ApiResource {
  return { group: '', version: 'v1', plural, kind, isNamespaced }
}
