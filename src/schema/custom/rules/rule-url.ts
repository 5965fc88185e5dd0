/** A URL with its parts as they are written: nothing is made lower case, resolved or left out. */
export class RuleUrl {
  readonly scheme: string
  /** With the port, without who asks. */
  readonly host: string
  readonly path: string
  readonly query: string

  constructor(parts: {
    readonly scheme: string
    readonly host: string
    readonly path: string
    readonly query: string
  }) {
    this.scheme = parts.scheme
    this.host = parts.host
    this.path = parts.path
    this.query = parts.query
  }

  get hostname(): string {
    return this.host.replace(/:[0-9]*$/, '').replace(/^\[(.*)\]$/, '$1')
  }

  get port(): string {
    return /:([0-9]*)$/.exec(this.host)?.[1] ?? ''
  }

  /** Values by their names. */
  get values(): ReadonlyMap<string, readonly string[]> {
    const values = new URLSearchParams(this.query)
    return new Map(Array.from(new Set(values.keys()), key => [key, values.getAll(key)]))
  }

  equals({ scheme, host, path, query }: RuleUrl): boolean {
    return this.scheme === scheme && this.host === host && this.path === path && this.query === query
  }
}

/** Reads what a request may name: a URL with a scheme, or a path (net/url ParseRequestURI of Go). Undefined for any other text. */
export function readUrl(text: string): RuleUrl | undefined {
  const [all, scheme = '', authority, path = '', query = ''] = FORM.exec(text) ?? []
  if (all === undefined || (scheme === '' && !path.startsWith('/')) || /%(?![0-9A-Fa-f]{2})/.test(path))
    return undefined
  if (authority === undefined) return new RuleUrl({ scheme: scheme.toLowerCase(), host: '', path, query })
  const host = authority.slice(authority.lastIndexOf('@') + 1)
  if (!HOST.test(host) || (path !== '' && !path.startsWith('/'))) return undefined
  return new RuleUrl({ scheme: scheme.toLowerCase(), host, path, query })
}

const FORM = /^(?:([A-Za-z][A-Za-z0-9+.-]*):(?:\/\/([^/?\s\p{Cc}]*))?)?([^?\s\p{Cc}]*)(?:\?([^\s\p{Cc}]*))?$/u
const HOST = /^(?:\[[0-9A-Fa-f:.%]+\]|[^[\]:<>"\\^`{|}]*)(?::[0-9]*)?$/
