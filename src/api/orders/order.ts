import type { Caller } from '#identity'
import { apiVersionOf, decode, isJsonObject, type JsonObject, type ObjectShape, textAt } from '#schema'
import { json } from '../answers/answer.ts'
import { apiFault } from '../faults.ts'
import { readAll, readSent } from '../request/body.ts'
import { isDryRun } from '../request/parameters.ts'
import type { ResourceTarget } from '../request/path.ts'

/** A path at which something is asked for that is answered at once and not kept as it was sent, such as a token. */
export interface OrderPath {
  readonly group: string
  readonly version: string
  readonly plural: string
  /** What lies below the collection: nothing, a word in the place of a name, or `{name}/SUBRESOURCE`. */
  readonly below: '' | 'certificates' | `{name}/${string}`
  /** What is sent and answered. */
  readonly kind: {
    readonly group: string
    readonly version: string
    readonly kind: string
    readonly shape: ObjectShape
  }
  /** The answer, without apiVersion and kind. Faults: those of the API. */
  readonly run: (order: Order) => Promise<JsonObject>
}

/** What somebody who may has sent. */
export interface Order {
  readonly caller: Caller
  readonly namespace: string | undefined
  /** The object it is about, where the path names one. */
  readonly name: string | undefined
  readonly body: JsonObject
  readonly isDryRun: boolean
  readonly signal: AbortSignal
}

/** The orders an API takes, found by what paths name. */
export class Orders {
  readonly #paths: ReadonlyMap<string, OrderPath>

  constructor(paths: readonly OrderPath[]) {
    this.#paths = new Map(paths.map(path => [keyOf(path, path.below), path]))
  }

  /** The order that a POST to a path is, and the path as RBAC sees it: a word below the collection is a subresource. */
  find<T extends ResourceTarget>(target: T): { readonly path: OrderPath; readonly target: T } | undefined {
    const { name, subresource } = target
    const path = this.#paths.get(keyOf(target, subresource === undefined ? (name ?? '') : `{name}/${subresource}`))
    if (path === undefined) return undefined
    const isWord = name !== undefined && subresource === undefined
    return { path, target: isWord ? { ...target, name: undefined, subresource: name } : target }
  }
}

function keyOf(
  { group, version, plural }: Pick<ResourceTarget, 'group' | 'version' | 'plural'>,
  below: string,
): string {
  return [group, version, plural, below].join('/')
}

/** Answers an order. Faults: BadRequest, and those of what is ordered. */
export async function answerOrder(
  { kind, run }: OrderPath,
  asked: {
    readonly request: Request
    readonly query: URLSearchParams
    readonly target: ResourceTarget
    readonly caller: Caller
    readonly signal: AbortSignal
  },
): Promise<Response> {
  const { request, query, target, caller, signal } = asked
  const type = request.headers.get('content-type') ?? ''
  const { body: sent } = readSent(await readAll(request), type, kind.shape)
  if (!isJsonObject(sent)) throw apiFault('BadRequest', `the body must be a ${kind.kind}`)
  const apiVersion = apiVersionOf(kind.group, kind.version)
  refuseOther(sent, { apiVersion, kind: kind.kind })
  const { namespace, name } = target
  const { value: body } = decode(kind.shape, sent)
  const answer = await run({ caller, namespace, name, body, isDryRun: isDryRun(query), signal })
  return json(201, { ...body, ...answer, apiVersion, kind: kind.kind })
}

function refuseOther(sent: JsonObject, wanted: { readonly apiVersion: string; readonly kind: string }): void {
  for (const field of ['apiVersion', 'kind'] as const) {
    const given = textAt(sent, field) ?? ''
    if (given === '' || given === wanted[field]) continue
    throw apiFault('BadRequest', `the ${field} in the data (${given}) does not match the expected (${wanted[field]})`)
  }
}
