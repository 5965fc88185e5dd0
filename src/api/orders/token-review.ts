import type { Authenticator } from '#identity'
import { type JsonObject, kubernetesShape, listAt, textAt } from '#schema'
import type { Order, OrderPath } from './order.ts'

/** `POST /apis/authentication.k8s.io/v1/tokenreviews`: whose a token is. */
export function tokenReviews(parts: {
  /** Who shows a token meant for one of these audiences. */
  readonly knows: (audiences: readonly string[]) => Authenticator
  readonly audiences: readonly string[]
}): OrderPath {
  const kind = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenReview' }
  return {
    ...kind,
    plural: 'tokenreviews',
    below: '',
    kind: { ...kind, shape: kubernetesShape('V1TokenReview') },
    run: order => answer(parts, order),
  }
}

async function answer(
  parts: { readonly knows: (audiences: readonly string[]) => Authenticator; readonly audiences: readonly string[] },
  { body, signal }: Order,
): Promise<JsonObject> {
  const asked = listAt(body, 'spec', 'audiences').filter(each => typeof each === 'string')
  const audiences = asked.length === 0 ? parts.audiences : asked
  const token = textAt(body, 'spec', 'token') ?? ''
  // Never said again: answers are logged more easily than requests.
  const spec = { audiences: asked }
  const caller = await parts.knows(audiences)({ certificate: undefined, bearer: token }, signal)
  if (caller === undefined) return { spec, status: { authenticated: false, error: 'the token does not hold' } }
  const { name: username, uid = '', groups, extra } = caller
  const user = { username, uid, groups, extra }
  return { spec, status: { authenticated: true, user, audiences } }
}
