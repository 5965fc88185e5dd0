/** What a path asks for. */
export type Target =
  | { readonly kind: 'other'; readonly path: string }
  | ({ readonly kind: 'resource'; readonly path: string } & ResourceTarget)

/** A resource, or an object of it, as paths name them. */
export interface ResourceTarget {
  /** Empty for the core group. */
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly namespace: string | undefined
  readonly name: string | undefined
  readonly subresource: string | undefined
  /** True for the old form `/watch/` before the resource. */
  readonly isWatch: boolean
}

/**
 * Reads a request's path (kubernetes.io/docs/reference/using-api/api-concepts, "Resource URIs"). Undefined for one that
 * cannot be decoded.
 */
export function targetOf(path: string): Target | undefined {
  const segments = decodeSegments(path)
  if (segments === undefined) return undefined
  const [root, ...rest] = segments
  if (root === 'api' && rest.length >= 2) return resourceTarget(path, '', rest)
  if (root === 'apis' && rest.length >= 3) return resourceTarget(path, rest[0] ?? '', rest.slice(1))
  return { kind: 'other', path }
}

function resourceTarget(path: string, group: string, [version = '', ...rest]: readonly string[]): Target {
  const isWatch = rest[0] === 'watch'
  const names = isWatch ? rest.slice(1) : rest
  // Namespaces are objects themselves; below `/namespaces/NAME` lie their own subresources and everybody else's objects.
  const isInside = names[0] === 'namespaces' && names.length >= 3 && !NAMESPACE_PARTS.has(names[2] ?? '')
  const [plural = '', name, ...sub] = isInside ? names.slice(2) : names
  return {
    kind: 'resource',
    path,
    group,
    version,
    plural,
    namespace: isInside ? names[1] : undefined,
    name,
    subresource: sub.length === 0 ? undefined : sub.join('/'),
    isWatch,
  }
}

const NAMESPACE_PARTS: ReadonlySet<string> = new Set(['status', 'finalize'])

function decodeSegments(path: string): string[] | undefined {
  try {
    return path
      .split('/')
      .filter(segment => segment !== '')
      .map(segment => (segment.includes('%') ? decodeURIComponent(segment) : segment))
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}
