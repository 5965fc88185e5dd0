import { apiFault } from '../faults.ts'

/**
 * Refuses what the page of another site sends (w3.org/TR/fetch-metadata): a browser that holds a client certificate would
 * show it, and the page act for whoever looks at it. Faults: Forbidden.
 */
export function refuseOtherSites({ headers, method }: Request): void {
  const site = headers.get('sec-fetch-site')
  if (site !== 'cross-site' && site !== 'same-site') return
  // To read is no danger, as the page is not shown the answer: a link to here may be followed.
  if (method === 'GET' || method === 'HEAD') return
  throw apiFault('Forbidden', 'pages of other sites may not change anything')
}
