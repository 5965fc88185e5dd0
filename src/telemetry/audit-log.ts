import { isSystemError, type World, whyOf } from '#base'
import {
  AUDIT_FILE_BYTES,
  AUDIT_FILES_MAX,
  AUDIT_STRANGER_MAX,
  AUDIT_STRANGERS_MAX,
  AUDIT_TEXT_CHARS_MAX,
  AUDIT_WAIT_MS,
  AUDIT_WAITING_BYTES_MAX,
} from './limits.ts'

/** Who did what to which object, and with what result. Never what objects hold. */
export interface AuditEntry {
  /** Milliseconds since 1970. */
  readonly timeMs: number
  readonly user: string
  /** Who asked in his place. */
  readonly impersonator: string | undefined
  /** Where he is; undefined inside this process. */
  readonly address?: string | undefined
  /** What is counted as one sender; not written. */
  readonly network?: string | undefined
  /** The id of the bootstrap token he has shown. */
  readonly tokenId?: string | undefined
  readonly groups: readonly string[]
  readonly verb: string
  readonly path: string
  readonly resource: string
  readonly namespace: string | undefined
  readonly name: string | undefined
  readonly code: number
  readonly ms: number
}

/** Where the lines go. */
export interface AuditOptions {
  readonly world: Pick<World, 'clock' | 'disk' | 'log'>
  /** Its files are `audit.jsonl`, and `audit.1.jsonl` and so on, the older the higher. */
  readonly folder: string
}

/** Notes of who did what, as JSON lines in files that are bounded in size and number. */
export class AuditLog implements AsyncDisposable {
  readonly #options: AuditOptions
  readonly #ended = new AbortController()
  #lines: string[] = []
  #bytes = 0
  #left = 0
  #writing: Promise<void> | undefined
  #hasWarned = false
  /** Lines of this minute about who has shown nothing that holds, by sender: no more of them than lines. */
  readonly #strangers = new Map<string, number>()
  #strangersSinceMs = 0

  constructor(options: AuditOptions) {
    this.#options = options
    options.world.disk.makeFolder(options.folder)
  }

  /** Notes what changed something, what was refused, and who read Secrets; the line is written within AUDIT_WAIT_MS. */
  note(entry: AuditEntry): void {
    if (!isNoted(entry) || this.#isFlood(entry)) return
    const line = `${JSON.stringify(lineOf(entry))}\n`
    if (this.#bytes + line.length > AUDIT_WAITING_BYTES_MAX) {
      this.#left += 1
      return
    }
    this.#lines.push(line)
    this.#bytes += line.length
    this.#writing ??= this.#writeLater()
  }

  // Nobody without a credential may drive out of the files what others did, nor hide among his own lines those of another.
  #isFlood({ code, timeMs, user, network = '' }: AuditEntry): boolean {
    if (code !== 401 && user !== 'system:anonymous') return false
    if (timeMs - this.#strangersSinceMs >= 60_000) {
      this.#strangersSinceMs = timeMs
      this.#strangers.clear()
    }
    const count = this.#strangers.get(network) ?? 0
    const all = this.#strangers.values().reduce((sum, each) => sum + each, 0)
    if (count >= AUDIT_STRANGER_MAX || all >= AUDIT_STRANGERS_MAX) return true
    this.#strangers.set(network, count + 1)
    return false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort()
    await this.#writing
  }

  async #writeLater(): Promise<void> {
    await this.#options.world.clock.sleep(AUDIT_WAIT_MS, this.#ended.signal).catch((error: unknown) => {
      if (!this.#ended.signal.aborted) throw error
    })
    this.#writing = undefined
    const text = Buffer.from(this.#lines.join(''))
    const left = this.#left
    this.#lines = []
    this.#bytes = 0
    this.#left = 0
    if (left > 0) this.#options.world.log.warn('the audit log left lines out', { lines: left })
    this.#write(text)
  }

  // The API goes on when its notes cannot be kept: a full disk is told once, until a write succeeds.
  #write(text: Buffer): void {
    const { disk, log } = this.#options.world
    try {
      using file = disk.open(this.#path(0), 'create')
      const size = file.size()
      file.write([text], size)
      if (size + text.length > AUDIT_FILE_BYTES) this.#rotate()
      this.#hasWarned = false
    } catch (error) {
      if (!isSystemError(error)) throw error
      if (!this.#hasWarned) log.warn('the audit log cannot be written', { error: whyOf(error) })
      this.#hasWarned = true
    }
  }

  #rotate(): void {
    const { disk } = this.#options.world
    for (let age = AUDIT_FILES_MAX - 1; age >= 1; age -= 1) {
      if (disk.stat(this.#path(age - 1)) !== undefined) disk.rename(this.#path(age - 1), this.#path(age))
    }
  }

  #path(age: number): string {
    return `${this.#options.folder}/audit${age === 0 ? '' : `.${age}`}.jsonl`
  }
}

const READS: ReadonlySet<string> = new Set(['get', 'list', 'watch', 'head', 'options'])

// Leases are renewed every few seconds by those who hold them: that says nothing of anybody.
function isNoted({ verb, resource, code, user }: AuditEntry): boolean {
  if (code === 401 || code === 403) return true
  if (READS.has(verb)) return resource === 'secrets'
  return !(resource === 'leases' && user.startsWith('system:'))
}

function lineOf({ timeMs, ms, ...entry }: AuditEntry) {
  const cut = (text: string): string => text.slice(0, AUDIT_TEXT_CHARS_MAX)
  const { user, impersonator, address, network: _, tokenId, groups, path, name, namespace, ...rest } = entry
  return {
    time: new Date(timeMs).toISOString(),
    user: cut(user),
    ...(impersonator === undefined ? {} : { impersonator: cut(impersonator) }),
    groups: groups.slice(0, 20).map(cut),
    ...(address === undefined ? {} : { address: cut(address) }),
    ...(tokenId === undefined ? {} : { tokenId: cut(tokenId) }),
    ...rest,
    path: cut(path),
    ...(namespace === undefined ? {} : { namespace: cut(namespace) }),
    ...(name === undefined ? {} : { name: cut(name) }),
    ms,
  }
}
