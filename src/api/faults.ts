import { defineFaults } from '#base'

/** What the API answers instead of what was asked for; the codes are the reasons of a Kubernetes Status. */
export const apiFault = defineFaults({
  BadRequest: { status: 400, retry: 'never' },
  Unauthorized: { status: 401, retry: 'never' },
  Forbidden: { status: 403, retry: 'never' },
  NotFound: { status: 404, retry: 'never' },
  MethodNotAllowed: { status: 405, retry: 'never' },
  NotAcceptable: { status: 406, retry: 'never' },
  AlreadyExists: { status: 409, retry: 'never' },
  /** Somebody else changed the object meanwhile. */
  Conflict: { status: 409, retry: 'reread' },
  /** The revision asked for is no longer kept. */
  Expired: { status: 410, retry: 'reread' },
  RequestEntityTooLarge: { status: 413, retry: 'never' },
  UnsupportedMediaType: { status: 415, retry: 'never' },
  /** The object breaks the rules of its kind; the details say where. */
  Invalid: { status: 422, retry: 'never' },
  TooManyRequests: { status: 429, retry: 'later' },
  InternalError: { status: 500, retry: 'never' },
  NotImplemented: { status: 501, retry: 'never' },
  /** It took too long, or waits for what has not come. */
  Timeout: { status: 504, retry: 'later' },
  ServiceUnavailable: { status: 503, retry: 'later' },
})
