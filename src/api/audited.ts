import { type Caller, parseBootstrapToken } from '#identity'
import type { AuditEntry } from './observer.ts'
import type { Target } from './request/path.ts'
import { senderOf } from './server/sender.ts'

/** What has been found out of a request so far: told when it ends, however it ends. */
export interface Exchange {
  readonly url: URL
  readonly connection: unknown
  caller: Caller
  /** The id of the bootstrap token that was shown. */
  tokenId: string | undefined
  verb: string
  target: Target | undefined
  /** The name of what it makes, which its body says, or chance. */
  made: string | undefined
  /** Its body says that nothing is to be changed. */
  isDryRun: boolean
  /** Whether the target is one that is served: counts are kept of nothing else. */
  isServed: boolean
}

/** As it stands in counts and notes: `pods`, `pods/status`, or nothing. */
export function resourceName({ target }: Exchange): string {
  if (target?.kind !== 'resource') return ''
  return target.subresource === undefined ? target.plural : `${target.plural}/${target.subresource}`
}

/** What the audit log is told of a request that has been answered; never a secret. */
export function auditedOf(
  exchange: Exchange,
  request: Request,
  { code, ms }: { readonly code: number; readonly ms: number },
): Omit<AuditEntry, 'timeMs'> {
  const { caller, target, url, verb, connection } = exchange
  const place = target?.kind === 'resource' ? target : undefined
  return {
    user: caller.name,
    impersonator: caller.impersonator,
    ...senderOf(connection),
    tokenId: exchange.tokenId ?? (code === 401 ? shownTokenId(request) : undefined),
    groups: caller.groups,
    verb,
    path: url.pathname + notedQuery(exchange),
    resource: resourceName(exchange),
    namespace: place?.namespace,
    name: place?.name ?? exchange.made,
    code,
    ms,
  }
}

// Which of a collection are deleted, and whether nothing is. Others, such as commands, may hold secrets.
const NOTED: ReadonlySet<string> = new Set(['dryRun', 'fieldSelector', 'labelSelector'])

function notedQuery({ url, isDryRun }: Exchange): string {
  const noted = new URLSearchParams([...url.searchParams].filter(([name]) => NOTED.has(name)))
  if (isDryRun) noted.set('dryRun', 'All')
  return noted.size === 0 ? '' : `?${noted}`
}

// A token that is guessed as a bearer is told of like one that is exchanged.
function shownTokenId({ headers }: Request): string | undefined {
  const [, bearer] = /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '') ?? []
  return bearer === undefined ? undefined : parseBootstrapToken(bearer)?.id
}
