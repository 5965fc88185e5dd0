import type { LocalKeyspace } from '#keyspace'
import * as keys from '../keys.ts'
import type { Access } from '../shared/protocol.ts'

/** Which machines may use a filesystem, and how. */
export interface AccessRules {
  /** Those that may use it, by name; undefined: all of the cloud. */
  readonly machines?: readonly string[] | undefined
  /** Those that may only read. */
  readonly readOnly: readonly string[]
  /** Root of a machine that is no controller is nobody. */
  readonly rootSquash: boolean
}

/** What holds where nobody has said anything. */
export const OPEN_ACCESS: AccessRules = { readOnly: [], rootSquash: true }

/** Who may use a filesystem from elsewhere: kept with it, so that every home of it says the same. JSON v1 under `a`. */
export class FilesystemAccess {
  readonly #keyspace: LocalKeyspace
  #rules: AccessRules | undefined

  constructor(keyspace: LocalKeyspace) {
    this.#keyspace = keyspace
  }

  get rules(): AccessRules {
    this.#rules ??= this.#read()
    return this.#rules
  }

  /** Holds for the next call of every machine. Durable when it resolves. */
  async set(rules: AccessRules, signal: AbortSignal): Promise<void> {
    const value = Buffer.from(JSON.stringify({ version: 1, ...rules }))
    this.#keyspace.commit({ then: [{ kind: 'put', key: keys.ACCESS_KEY, value }] })
    this.#rules = rules
    await this.#keyspace.sync(this.#keyspace.revision, signal)
  }

  /** What a machine may do; undefined: nothing. */
  of({ name, isController }: { readonly name: string; readonly isController: boolean }): Access | undefined {
    const { machines, readOnly, rootSquash } = this.rules
    if (machines !== undefined && !machines.includes(name)) return undefined
    if (readOnly.includes(name)) return 'readOnly'
    return isController || !rootSquash ? 'full' : 'squashed'
  }

  #read(): AccessRules {
    const row = this.#keyspace.get(keys.ACCESS_KEY)
    if (row === undefined) return OPEN_ACCESS
    const { version, ...rules }: AccessRules & { readonly version: number } = JSON.parse(
      Buffer.from(row.value).toString(),
    )
    // What a newer Cairn has said is not guessed at: nobody, until it is said anew.
    return version === 1 ? rules : { machines: [], readOnly: [], rootSquash: true }
  }
}
