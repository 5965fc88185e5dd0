/**
 * Answers a request: an API in this process, or one over HTTPS (`https/`). The origin of the request's URL is
 * {@link API_ORIGIN}, whatever the server. Aborting the request's signal ends the answer's body too.
 */
export type Transport = (request: Request) => Promise<Response>

/** The origin of all requests: only their paths count. */
export const API_ORIGIN = 'https://api'
