/** What a rule can make fail. `sync` is fsync and fdatasync of files; `read` and `write` are one call each. */
export type FaultyCall = 'read' | 'write' | 'sync' | 'make' | 'truncate' | 'remove'

/** A fault to cause. */
export interface FaultRule {
  readonly call: FaultyCall
  /** A regular expression on the path below the mount, such as `chunks/.*\.seg$`. */
  readonly path: string
  readonly error: 'EIO' | 'ENOSPC' | 'EROFS'
  /** Calls that still succeed before the first that fails; 0 when absent. */
  readonly after?: number | undefined
  /** Calls that fail before it is well again; without end when absent. */
  readonly times?: number | undefined
}

interface Active {
  readonly rule: FaultRule
  readonly pattern: RegExp
  after: number
  times: number
}

/** The rules of the moment, and how often each kind of call failed. */
export class FaultRules {
  #active: Active[] = []
  failed = 0

  set(rules: readonly FaultRule[]): void {
    this.#active = rules.map(rule => ({
      rule,
      pattern: new RegExp(rule.path),
      after: rule.after ?? 0,
      times: rule.times ?? Number.POSITIVE_INFINITY,
    }))
  }

  /** The error a call must end with; undefined when it may be made. */
  faultOf(call: FaultyCall, path: string): FaultRule['error'] | undefined {
    const hit = this.#active.find(each => each.rule.call === call && each.times > 0 && each.pattern.test(path))
    if (hit === undefined) return undefined
    if (hit.after > 0) {
      hit.after -= 1
      return undefined
    }
    hit.times -= 1
    this.failed += 1
    return hit.rule.error
  }
}
