/** What is told of each request when it has been answered; of a watch, when it has begun and when it ends. */
export interface Answered {
  /** As RBAC names it, such as `list`; a method in lower case for paths that are no resources. */
  readonly verb: string
  /** Such as `pods` or `pods/status`; empty for other paths. */
  readonly resource: string
  readonly code: number
  readonly seconds: number
}

/** Counts what the API does; the owner of the server says what becomes of it. */
export interface Observer {
  /** A request begins; the answer is called when it ends. */
  began(): (answered: Answered) => void
  /** A watch of a resource begins; the answer is called when it ends. */
  watching(resource: string): () => void
  /** All counts in Prometheus' text form. */
  text(): Promise<string>
}

/** Who did what to which object, and with what result. Never what objects hold. */
export interface AuditEntry {
  /** Milliseconds since 1970. */
  readonly timeMs: number
  readonly user: string
  /** Who asked in his place. */
  readonly impersonator: string | undefined
  /** Where he is; undefined inside this process. */
  readonly address: string | undefined
  /** What is counted as one sender; not noted. */
  readonly network: string
  /** The id of the bootstrap token he has shown. */
  readonly tokenId: string | undefined
  readonly groups: readonly string[]
  readonly verb: string
  /** Such as `/api/v1/namespaces/a/pods/b`, with what says that nothing is changed, or which of many: `?dryRun=All`. */
  readonly path: string
  readonly resource: string
  readonly namespace: string | undefined
  readonly name: string | undefined
  readonly code: number
  readonly ms: number
}

/** Takes notes of requests. */
export type Audit = (entry: AuditEntry) => void

/** Counts nothing. */
export const UNOBSERVED: Observer = {
  began: () => () => undefined,
  watching: () => () => undefined,
  text: () => Promise.resolve(''),
}
