/**
 * Everything outside the program that a room may touch. `host` fills it with the real machine, `sim` with a seeded
 * one; no other room reads a clock, rolls dice or opens a file.
 */
export interface World {
  readonly clock: Clock
  readonly entropy: Entropy
  readonly disk: Disk
  readonly log: Log
}

/** Time. Wall time only labels; every timeout and grace uses monotonic time. */
export interface Clock {
  /** Nanoseconds since 1970, as the machine believes; may jump. */
  wallNs(): bigint
  /** Milliseconds of this process that never jump or go back. */
  monotonicMs(): number
  /**
   * Resolves after `ms`; rejects with the signal's reason when aborted first. 0 only lets go first what is ready now, at full
   * speed: work that shall leave people's work most of the time sleeps for a millisecond.
   */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

/** Randomness. */
export interface Entropy {
  /** `count` unpredictable bytes. */
  bytes(count: number): Uint8Array
}

/** Lines for the person who runs the machine. Never secrets, never file contents. */
export interface Log {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
}

/** How a file is opened: `read` an existing one; `write` an existing one; `create` one that may exist. */
export type OpenMode = 'read' | 'write' | 'create'

/**
 * The machine's disks. Calls return at once with what the operating system has accepted (its page cache); only
 * {@link DiskFile.sync} and {@link Disk.syncFolder} say that bytes and names survive a power cut.
 * Errors are the system's own (`ENOENT`, `ENOSPC`, `EIO`, ...; see `isSystemError`).
 */
export interface Disk {
  open(path: string, mode: OpenMode): DiskFile
  /** Names in a folder, sorted; empty when the folder does not exist. */
  list(folder: string): string[]
  /** What is at the path: undefined when nothing. */
  stat(path: string): { readonly kind: 'file' | 'folder' | 'other'; readonly bytes: number } | undefined
  /** Creates a folder and its parents, mode 0700; fine when it exists. */
  makeFolder(path: string): void
  rename(from: string, to: string): void
  /** Removes a file; fine when it does not exist. */
  remove(path: string): void
  /** Removes a folder with all that is in it; fine when it does not exist. */
  removeFolder(path: string): Promise<void>
  /** Makes the names in a folder durable. */
  syncFolder(folder: string): Promise<void>
  /** Space of the disk under a path. `freeBytes` is what this process may still use. */
  space(path: string): { readonly totalBytes: number; readonly freeBytes: number }
  /**
   * Takes the exclusive lock kept in a file, for the life of this process or until disposed; released by the system
   * when the process dies. Undefined when another process holds it.
   */
  lock(path: string): Disposable | undefined
}

/** An open file. Positions are explicit; there is no cursor. */
export interface DiskFile extends Disposable {
  readonly path: string
  /** Fills `into` from `position`; returns how many bytes there were, less than asked only at the end of the file. */
  read(into: Uint8Array, position: number): number
  /** Writes all parts one behind the other at `position`, or throws. */
  write(parts: readonly Uint8Array[], position: number): void
  size(): number
  truncate(bytes: number): void
  /** Makes all writes that returned before this call durable (fdatasync), without blocking the event loop. */
  sync(): Promise<void>
  /** A hint: what is durable of `[from, to)` will not be read soon and need not stay in memory. */
  uncache(from: number, to: number): void
  close(): void
}
