import { defineFaults } from '#base'

/** Why somebody is not who he says he is. */
export const identityFault = defineFaults({
  /** The token was good once. */
  TokenExpired: { status: 401, retry: 'never' },
  TokenInvalid: { status: 401, retry: 'never' },
  /** Too many secrets were guessed. */
  TooManyRequests: { status: 429, retry: 'later' },
  SigningRequestInvalid: { status: 400, retry: 'never' },
  /** No master key, or one that does not fit. */
  MasterKey: { status: 422, retry: 'never' },
  /** Something sealed was changed, moved or is of another key. */
  SealBroken: { status: 500, retry: 'never' },
})
