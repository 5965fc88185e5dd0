import { type Json, jsonAt, type KubeObject, listAt, textAt } from '#schema'

/** An object that something refers to: `PLURAL/NAMESPACE/NAME`, with nothing between the slashes for what lies in none. */
export type Reference = string

/** Names an object. */
export function referenceTo(plural: string, namespace: string | undefined, name: string): Reference {
  return `${plural}/${namespace ?? ''}/${name}`
}

/** On a pod that a node runs of itself and only shows: it is trusted with nothing. */
export const MIRROR = 'kubernetes.io/config.mirror'

/**
 * What the machine of a pod needs to run it: Secrets, ConfigMaps, claims of volumes and the service account (k8s.io/kubernetes
 * pkg/api/pod VisitPodSecretNames, VisitPodConfigmapNames). Nothing for a pod that is over, or is only shown.
 */
export function referencesOfPod(pod: KubeObject): readonly Reference[] {
  const { namespace, name, annotations } = pod.metadata
  const phase = textAt(pod, 'status', 'phase')
  if (annotations?.[MIRROR] !== undefined || phase === 'Succeeded' || phase === 'Failed') return []
  return neededBy(pod['spec'] ?? null, name).map(([plural, needed]) => referenceTo(plural, namespace, needed))
}

/** True when a pod refers to anything but images. */
export function hasReferences({ spec, metadata }: KubeObject): boolean {
  const named = neededBy(spec ?? null, metadata.name)
  return named.some(([plural, name]) => plural !== 'serviceaccounts' || name !== 'default')
}

type Named = readonly [plural: string, name: string]

function neededBy(spec: Json, podName: string): readonly Named[] {
  const containers = ['containers', 'initContainers', 'ephemeralContainers'].flatMap(list => listAt(spec, list))
  return [
    ['serviceaccounts', textAt(spec, 'serviceAccountName') ?? 'default'],
    ...named('secrets', listAt(spec, 'imagePullSecrets'), 'name'),
    ...containers.flatMap(neededByContainer),
    ...listAt(spec, 'volumes').flatMap(volume => neededByVolume(volume, podName)),
  ]
}

function neededByContainer(container: Json): readonly Named[] {
  const [env, from] = [listAt(container, 'env'), listAt(container, 'envFrom')]
  return [
    ...named('secrets', env, 'valueFrom', 'secretKeyRef', 'name'),
    ...named('configmaps', env, 'valueFrom', 'configMapKeyRef', 'name'),
    ...named('secrets', from, 'secretRef', 'name'),
    ...named('configmaps', from, 'configMapRef', 'name'),
  ]
}

function neededByVolume(volume: Json, podName: string): readonly Named[] {
  const sources = listAt(volume, 'projected', 'sources')
  const ownClaim = jsonAt(volume, 'ephemeral') === undefined ? [] : [`${podName}-${textAt(volume, 'name') ?? ''}`]
  return [
    ...SECRETS_OF_VOLUME.flatMap(path => named('secrets', [volume], ...path)),
    ...named('secrets', sources, 'secret', 'name'),
    ...named('configmaps', [volume], 'configMap', 'name'),
    ...named('configmaps', sources, 'configMap', 'name'),
    ...named('persistentvolumeclaims', [volume], 'persistentVolumeClaim', 'claimName'),
    ...ownClaim.map(claim => ['persistentvolumeclaims', claim] as const),
  ]
}

const REMOTE = ['cephfs', 'cinder', 'flexVolume', 'iscsi', 'rbd', 'scaleIO', 'storageos'] as const

const SECRETS_OF_VOLUME: readonly (readonly string[])[] = [
  ['secret', 'secretName'],
  ['azureFile', 'secretName'],
  ['csi', 'nodePublishSecretRef', 'name'],
  ...REMOTE.map(kind => [kind, 'secretRef', 'name']),
]

function named(plural: string, among: readonly Json[], ...path: readonly string[]): readonly Named[] {
  return among.flatMap(each => {
    const name = textAt(each, ...path) ?? ''
    return name === '' ? [] : [[plural, name] as const]
  })
}

/** The claim that a volume belongs to, and what its machine needs for it; undefined for one that nobody has claimed. */
export function claimOfVolume(
  volume: KubeObject,
): { readonly claim: Reference; readonly needs: readonly Reference[] } | undefined {
  const namespace = textAt(volume, 'spec', 'claimRef', 'namespace')
  const claim = textAt(volume, 'spec', 'claimRef', 'name')
  if (namespace === undefined || claim === undefined) return undefined
  const secrets = SECRETS_OF_CLAIMED.flatMap(path => {
    const secret = jsonAt(volume, 'spec', ...path)
    const name = textAt(secret, 'name') ?? ''
    return name === '' ? [] : [referenceTo('secrets', textAt(secret, 'namespace') ?? namespace, name)]
  })
  const azure = textAt(volume, 'spec', 'azureFile', 'secretName')
  const place = textAt(volume, 'spec', 'azureFile', 'secretNamespace') ?? namespace
  return {
    claim: referenceTo('persistentvolumeclaims', namespace, claim),
    needs: [
      referenceTo('persistentvolumes', undefined, volume.metadata.name),
      ...secrets,
      ...(azure === undefined ? [] : [referenceTo('secrets', place, azure)]),
    ],
  }
}

const SECRETS_OF_CLAIMED: readonly (readonly string[])[] = [
  ...['nodePublishSecretRef', 'nodeStageSecretRef', 'nodeExpandSecretRef'].map(name => ['csi', name]),
  ...REMOTE.map(kind => [kind, 'secretRef']),
]
