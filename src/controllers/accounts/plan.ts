import { type JsonObject, type KubeObject, textAt } from '#schema'

/** The account that pods run as when they name none. */
export const DEFAULT_ACCOUNT = 'default'
/** The ConfigMap from which pods read whom to trust (k8s.io/kubernetes/pkg/controller/certificates/rootcacertpublisher). */
export const ROOT_CONFIG_MAP = 'kube-root-ca.crt'

/** What a namespace has by itself, as far as it is known. */
export interface Furniture {
  readonly namespace: KubeObject | undefined
  readonly account: KubeObject | undefined
  readonly rootMap: KubeObject | undefined
}

/** What is to be done so that a namespace has what each has. */
export interface FurnitureSteps {
  readonly makesAccount: boolean
  readonly rootMap: 'keep' | 'make' | 'mend'
}

/** The steps for one namespace; none for one that is not there or going. */
export function furnitureSteps({ namespace, account, rootMap }: Furniture, rootPem: string): FurnitureSteps {
  if (namespace === undefined || namespace.metadata.deletionTimestamp !== undefined) {
    return { makesAccount: false, rootMap: 'keep' }
  }
  const isRight = rootMap !== undefined && textAt(rootMap, 'data', 'ca.crt') === rootPem
  return { makesAccount: account === undefined, rootMap: isRight ? 'keep' : rootMap === undefined ? 'make' : 'mend' }
}

/** The ConfigMap with the certificate of the authority. */
export function rootConfigMap(namespace: string, rootPem: string): JsonObject {
  const annotations = {
    'kubernetes.io/description':
      'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.',
  }
  const metadata = { namespace, name: ROOT_CONFIG_MAP, annotations }
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'ca.crt': rootPem } }
}

/** The account that pods of a namespace run as when they name none. */
export function defaultAccount(namespace: string): JsonObject {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name: DEFAULT_ACCOUNT } }
}
