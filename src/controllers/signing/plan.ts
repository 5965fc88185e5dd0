import { isJsonObject, type JsonObject, type KubeObject, listAt, numberAt, textAt } from '#schema'

/** Makes certificates of what others ask for; filled by who holds the authority's key. */
export interface Signer {
  /** Signers that it is, such as `kubernetes.io/kube-apiserver-client`; requests for others are left alone. */
  readonly names: ReadonlySet<string>
  /** The certificate in PEM. A fault of status 400 refuses the request for good and says why. */
  sign(order: SigningOrder, signal: AbortSignal): Promise<string>
}

/** What is to be signed, and who asked for it. */
export interface SigningOrder {
  readonly signerName: string
  /** A certificate request in PEM (PKCS #10). */
  readonly requestPem: string
  readonly usages: readonly string[]
  readonly expirationSeconds: number | undefined
  readonly username: string
  readonly groups: readonly string[]
  /** Names the object in the API that asks. */
  readonly name: string
  readonly uid: string
}

/** The order of a request that was approved and waits for one of these signers; undefined for any other. */
export function orderOf(request: KubeObject, names: ReadonlySet<string>): SigningOrder | undefined {
  const signerName = textAt(request, 'spec', 'signerName') ?? ''
  const isWaiting =
    request.metadata.deletionTimestamp === undefined &&
    hasCondition(request, 'Approved') &&
    !hasCondition(request, 'Denied') &&
    !hasCondition(request, 'Failed') &&
    (textAt(request, 'status', 'certificate') ?? '') === ''
  if (!isWaiting || !names.has(signerName)) return undefined
  return {
    signerName,
    requestPem: Buffer.from(textAt(request, 'spec', 'request') ?? '', 'base64').toString('utf8'),
    usages: texts(request, 'usages'),
    expirationSeconds: numberAt(request, 'spec', 'expirationSeconds'),
    username: textAt(request, 'spec', 'username') ?? '',
    groups: texts(request, 'groups'),
    name: request.metadata.name,
    uid: request.metadata.uid,
  }
}

/** A request with its certificate. */
export function signed(request: KubeObject, certificatePem: string): KubeObject {
  return withStatus(request, { certificate: Buffer.from(certificatePem).toString('base64') })
}

/** A request that its signer does not grant. */
export function refused(request: KubeObject, message: string, time: string): KubeObject {
  const failed = {
    type: 'Failed',
    status: 'True',
    reason: 'SignerValidationFailure',
    message,
    lastUpdateTime: time,
    lastTransitionTime: time,
  }
  return withStatus(request, { conditions: [...listAt(request, 'status', 'conditions'), failed] })
}

/** True when a condition of this type holds. */
export function hasCondition(request: KubeObject, type: string): boolean {
  const conditions = listAt(request, 'status', 'conditions')
  return conditions.some(each => textAt(each, 'type') === type && (textAt(each, 'status') ?? 'True') === 'True')
}

function withStatus(request: KubeObject, more: JsonObject): KubeObject {
  return { ...request, status: { ...(isJsonObject(request['status']) ? request['status'] : {}), ...more } }
}

function texts(request: KubeObject, field: string): readonly string[] {
  return listAt(request, 'spec', field).filter(each => typeof each === 'string')
}
