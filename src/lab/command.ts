/** A command of the host: the program and its words. */
export type Command = readonly [program: string, ...words: readonly string[]]

/** How a command ended. */
export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** The machine that a lab is made on. */
export interface LabHost {
  /** Runs a command to its end. Faults: Missing; the signal's reason. */
  run(command: Command, signal: AbortSignal): Promise<Ended>
  /** Runs a command in the foreground: it has this terminal. Answers its exit code. */
  attach(command: Command, signal: AbortSignal): Promise<number>
  /** Begins to carry frames between two new TAP devices in a network namespace, late; it ends when one of them goes. */
  carryLate(namespace: string, devices: readonly [string, string], ms: number, signal: AbortSignal): Promise<void>
  /** Ends processes of this machine. */
  end(pids: readonly number[]): void
  /** Where labs are kept. */
  readonly folder: string
  /** Where this program is: what machines run. */
  readonly program: string
  readFile(path: string): string | undefined
  writeFile(path: string, text: string): void
  /** Makes a sparse file of so many bytes. */
  makeSparse(path: string, bytes: number): void
  list(folder: string): readonly string[]
  /** Removes a file or a folder with all that is in it; fine when it does not exist. */
  remove(path: string): void
}
