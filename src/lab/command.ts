/** A command of the host: the program and its words. */
export type Command = readonly [program: string, ...words: readonly string[]]

/** How a command ended. */
export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** The machine that a lab is made on. Everything it starts carries the lab's name in its environment. */
export interface LabHost {
  /** Runs a command to its end. Faults: Missing; the signal's reason. */
  run(command: Command, signal: AbortSignal): Promise<Ended>
  /** Runs a command in the foreground: it has this terminal. Answers its exit code. */
  attach(command: Command, signal: AbortSignal): Promise<number>
  /** Begins to carry frames between two new TAP devices in a network namespace, late; it ends when one of them goes. */
  carryLate(namespace: string, devices: readonly [string, string], ms: number, signal: AbortSignal): Promise<void>
  /** Ends every process that carries a mark in its environment, but this one. Answers how many there were. */
  endMarked(mark: string): number
  /** The command lines of every process that carries a mark in its environment. */
  marked(mark: string): readonly string[]
  /** Takes a lock that ends with this process at the latest; undefined when another process has it. */
  lock(path: string): Disposable | undefined
  /** Waits. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
  readonly isRoot: boolean
  /** True when standard input is a terminal. */
  readonly isTerminal: boolean
  readonly processors: number
  /** The program there is by that name. */
  has(program: string): boolean
  /** Where labs are kept. */
  readonly folder: string
  /** The checkout that machines run, and what they run of it. */
  readonly program: LabProgram
  readFile(path: string): string | undefined
  /** As a whole or not at all, also when this process is killed. */
  writeFile(path: string, text: string): void
  /** Makes a sparse file of so many bytes. */
  makeSparse(path: string, bytes: number): void
  list(folder: string): readonly string[]
  /** Removes a file or a folder with all that is in it; fine when it does not exist. */
  remove(path: string): void
}

/** The checkout that machines run; they see it where it lies, and may not write there. */
export interface LabProgram {
  readonly folder: string
  /** The `cairn` command. */
  readonly cairn: string
  /** Flips bytes of files: `FOLDER COUNT`. */
  readonly flip: Command
  /** Compiles what machines run, which they cannot keep. */
  readonly compile: Command
}
