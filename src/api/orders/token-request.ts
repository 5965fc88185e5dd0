import {
  type BoundObject,
  type Caller,
  type FindBound,
  nodeOf,
  type ServiceAccountSubject,
  subjectClaims,
  type TokenSigner,
  type TokenWish,
  tokenWish,
} from '#identity'
import {
  type FieldError,
  invalid,
  isJsonObject,
  type JsonObject,
  type KubeObject,
  kubernetesShape,
  notSupported,
  textAt,
} from '#schema'
import { apiFault } from '../faults.ts'
import { TOKEN_SECONDS_MAX, TOKEN_SECONDS_MIN } from '../limits.ts'
import { refuseInvalid } from '../refusal.ts'
import type { Order, OrderPath } from './order.ts'

/** What tokens of service accounts are made with. */
export interface TokenRequestParts {
  readonly signer: TokenSigner
  readonly issuer: string
  /** Whom a token is for when nobody says: this API. */
  readonly audiences: readonly string[]
  readonly find: FindBound
}

/** `POST .../serviceaccounts/NAME/token`: a token for a program. */
export function tokenRequests(parts: TokenRequestParts): OrderPath {
  return {
    group: '',
    version: 'v1',
    plural: 'serviceaccounts',
    below: '{name}/token',
    kind: {
      group: 'authentication.k8s.io',
      version: 'v1',
      kind: 'TokenRequest',
      shape: kubernetesShape('AuthenticationV1TokenRequest'),
    },
    run: order => answer(parts, order),
  }
}

async function answer(parts: TokenRequestParts, order: Order): Promise<JsonObject> {
  const { caller, namespace = '', name = '', body, signal } = order
  const wish = tokenWish(body)
  refuseInvalid({ group: 'authentication.k8s.io', kind: 'TokenRequest', name }, problems(wish))
  const account = await parts.find('ServiceAccount', { namespace, name }, signal)
  if (account === undefined) throw apiFault('NotFound', `serviceaccounts "${name}" not found`)
  const found = await boundObject(parts.find, wish, namespace, signal)
  refuseOtherPod(caller, name, found)
  const bound = found === undefined ? undefined : { kind: found.kind, name: found.name, uid: found.uid }
  const subject: ServiceAccountSubject = { namespace, name, uid: account.metadata.uid, bound }
  const audiences = wish.audiences.length === 0 ? parts.audiences : wish.audiences
  const { sub, extra } = subjectClaims(subject)
  const seconds = wish.expirationSeconds
  const { token, claims } = await parts.signer.sign({ issuer: parts.issuer, subject: sub, audiences, seconds, extra })
  const expirationTimestamp = `${new Date(claims.exp * 1000).toISOString().slice(0, 19)}Z`
  return {
    metadata: { name, namespace, creationTimestamp: `${new Date(claims.iat * 1000).toISOString().slice(0, 19)}Z` },
    spec: { ...(isJsonObject(body['spec']) ? body['spec'] : {}), audiences, expirationSeconds: seconds },
    status: { token, expirationTimestamp },
  }
}

function problems({ expirationSeconds, bound }: TokenWish): readonly FieldError[] {
  const field = 'spec.expirationSeconds'
  const tooShort = expirationSeconds < TOKEN_SECONDS_MIN
  const tooLong = expirationSeconds > TOKEN_SECONDS_MAX
  const kinds = ['Pod', 'Secret', 'Node']
  return [
    ...(tooShort ? [invalid(field, expirationSeconds, 'may not specify a duration less than 10 minutes')] : []),
    ...(tooLong ? [invalid(field, expirationSeconds, 'may not specify a duration larger than 1 year')] : []),
    ...(bound === undefined || kinds.includes(bound.kind)
      ? []
      : [notSupported('spec.boundObjectRef.kind', bound.kind, kinds)]),
    ...(bound === undefined || ['', 'v1'].includes(bound.version)
      ? []
      : [notSupported('spec.boundObjectRef.apiVersion', bound.version, ['v1'])]),
  ]
}

async function boundObject(
  find: FindBound,
  { bound }: TokenWish,
  namespace: string,
  signal: AbortSignal,
): Promise<(BoundObject & { readonly object: KubeObject }) | undefined> {
  if (bound === undefined) return undefined
  const kind = bound.kind === 'Pod' || bound.kind === 'Secret' ? bound.kind : 'Node'
  const { name, uid } = bound
  const found = await find(kind, { namespace: kind === 'Node' ? undefined : namespace, name }, signal)
  const plural = `${kind.toLowerCase()}s`
  if (found === undefined) throw apiFault('NotFound', `${plural} "${name}" not found`)
  if (uid !== undefined && uid !== '' && uid !== found.metadata.uid) {
    throw apiFault(
      'Conflict',
      `the UID in the bound object reference (${uid}) does not match the UID in record (${found.metadata.uid})`,
    )
  }
  return { kind, name, uid: found.metadata.uid, object: found }
}

// A pod speaks as its own account only, and a machine gets tokens for the pods on it only.
function refuseOtherPod(
  caller: Caller,
  account: string,
  bound: (BoundObject & { readonly object: KubeObject }) | undefined,
): void {
  const pod = bound?.kind === 'Pod' ? bound.object : undefined
  const own = textAt(pod, 'spec', 'serviceAccountName') ?? 'default'
  if (pod !== undefined && own !== account) {
    throw apiFault('BadRequest', `the pod "${pod.metadata.name}" is of the service account "${own}"`)
  }
  const node = nodeOf(caller)
  if (node === undefined || (pod !== undefined && textAt(pod, 'spec', 'nodeName') === node)) return
  throw apiFault('Forbidden', `node "${node}" may only get tokens that are bound to a pod on it`)
}
