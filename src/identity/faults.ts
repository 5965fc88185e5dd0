import { defineFaults } from '#base'

/** Why somebody is not who he says he is. */
export const identityFault = defineFaults({
  /** The token was good once. */
  TokenExpired: { status: 401, retry: 'never' },
  TokenInvalid: { status: 401, retry: 'never' },
  SigningRequestInvalid: { status: 400, retry: 'never' },
})
