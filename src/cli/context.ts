import type { Clock } from '#base'
import { type BackupRow, dataFolderOf, type FillingRow, type KeyspaceWords, type Surroundings } from '#rpc'
import type { Labs, SimulatedNodes } from './labs.ts'
import { absoluteLocal } from './local/paths.ts'
import type { Terminal } from './local/terminal.ts'

/** What the program around the command line gives it. */
export interface CliHost {
  readonly clock: Clock
  /** Version of this program. */
  readonly version: string
  /** Runs Cairn in the foreground until it ends. */
  up(options: UpOptions): Promise<void>
  /** Makes this machine a member of a cloud. */
  join(words: JoinWords): Promise<JoinedMachine>
  /** Controllers on the networks of this machine, as they say of themselves. */
  findControllers(signal: AbortSignal): Promise<readonly FoundController[]>
  /** Makes this machine a member of a cloud that was found, when people at both sides have seen the same code. */
  joinFound(words: FoundWords, person: CodePerson, signal: AbortSignal): Promise<JoinedMachine>
  /** The master key as words. */
  readonly key: KeyPhrases
  /** The keyspace of the control plane as a whole. */
  readonly keyspace: WholeKeyspace
  /** Labs of this machine. */
  readonly labs: Labs
  /** Simulated machines of the cloud that runs here. */
  readonly simulatedNodes: SimulatedNodes
}

/** A data folder and a file with a backup; `isForced` overwrites what is there. */
export interface BackupGiven {
  readonly dataFolder: string
  readonly file: string
  readonly isForced: boolean
}

/** What is done to the keyspace of a control plane as a whole, whether Cairn runs or not. */
export interface WholeKeyspace {
  backup(given: BackupGiven, tell: (row: BackupRow) => void, signal: AbortSignal): Promise<BackupRow>
  /** Answers how many entries there are now, as `migrate` does. */
  restore(given: BackupGiven, tell: (row: FillingRow) => void, signal: AbortSignal): Promise<number>
  migrate(
    given: { readonly dataFolder: string; readonly to: KeyspaceWords; readonly isForced: boolean },
    tell: (row: FillingRow) => void,
    signal: AbortSignal,
  ): Promise<number>
  /** Goes on with what the etcd of this machine has; answers which controllers are no members any more. */
  recover(
    given: { readonly dataFolder: string; readonly isForced: boolean },
    signal: AbortSignal,
  ): Promise<{ readonly lost: readonly string[]; readonly keys: number }>
}

/** The master key of this user as people keep it: 24 words. */
export interface KeyPhrases {
  show(): Promise<{ readonly file: string; readonly id: string; readonly phrase: string }>
  restore(phrase: string): Promise<{ readonly file: string; readonly id: string }>
}

/** A controller that was found: nobody vouches for what it says. */
export interface FoundController {
  readonly name: string
  /** Of its cloud's authority: 43 characters. */
  readonly fingerprint: string
  /** `HOST:PORT`. */
  readonly address: string
}

/** What `cairn join` was told without a token. */
export interface FoundWords {
  readonly place: { readonly fingerprint: string; readonly addresses: readonly string[] }
  readonly dataFolder: string
  readonly name?: string | undefined
}

/** Whoever sits before a machine that joins without a token. */
export interface CodePerson {
  showCode(code: string): void
  /** Whether the controller has said that it let this machine in. */
  isConfirmed(): Promise<boolean>
}

/** What `cairn join` was told. */
export interface JoinWords {
  readonly token: string
  readonly dataFolder: string
  readonly name?: string | undefined
}

/** A machine that has joined. */
export interface JoinedMachine {
  readonly name: string
  readonly role: 'controller' | 'node'
  /** By which people know the cloud: the beginning of what it is known by. */
  readonly shortCloud: string
  readonly cloud: string
  readonly controllers: readonly string[]
  readonly dataFolder: string
  /** It was a member already, and looks for controllers at these addresses too; Cairn runs there, or not. */
  readonly moved?: { readonly addresses: readonly string[]; readonly isRunning: boolean }
  /** How the control plane stands with it, for people. */
  readonly control?: string | undefined
}

/** What `cairn up` was told. */
export interface UpOptions {
  readonly data?: string | undefined
  readonly mount?: string | false | undefined
  /** Where the API listens, `HOST[:PORT]`, or `none`. */
  readonly listen?: string | undefined
  /** What this machine is called in its cloud, from its first start on. */
  readonly name?: string | undefined
  readonly requiresClientCertificate: boolean
  /** Where other machines are listened for, `HOST[:PORT]` or `none`. */
  readonly peerListen?: string | undefined
  /** False: a controller is not found by machines of the same network. */
  readonly isDiscoverable?: boolean | undefined
  readonly mesh?: MeshWish | undefined
  /** Where the control plane is kept from now on. */
  readonly keyspace?: KeyspaceWords | undefined
  /** What is told goes to a program. */
  readonly isJson: boolean
}

/** What people want of the mesh of this machine. */
export interface MeshWish {
  /** `wireguard`, `none`, or `interface:NAME`. */
  readonly provider?: string | undefined
  /** IPv4 range of the whole cloud. */
  readonly range?: string | undefined
  /** Names are put into /etc/resolv.conf. */
  readonly isResolvConf?: boolean | undefined
}

/** What the commands work with. */
export interface Context {
  readonly host: CliHost
  readonly terminal: Terminal
  readonly around: Surroundings
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
  /** The options every command has. */
  readonly common: CommonOptions
  /** Says the exit code, when it is that of another program. */
  end(code: number): void
}

/** Declared once on the program, understood everywhere. */
export interface CommonOptions {
  readonly data?: string | undefined
  readonly output: 'table' | 'json'
}

/** The data folder commands talk about, absolute. */
export function dataFolder({ common, around }: Context): string {
  return absoluteLocal(dataFolderOf(common.data, around))
}

/** Prints a result: the value for programs, the text for people. */
export function show({ common, terminal }: Context, value: unknown, text: () => string): void {
  terminal.out(common.output === 'json' ? `${JSON.stringify(value, plain, 2)}\n` : text())
}

// JSON has no 64-bit integers: times in nanoseconds become text.
function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
