import { type Client, type Message, message } from '#rpc'
import type {
  Acknowledgement,
  Grant,
  HomeTransport,
  RemoteAnswer,
  RemoteCall,
  RemoteKind,
  Resumption,
  Stale,
  StandInCall,
} from '#storage/fs'
import { ANSWERS } from './answers.ts'
import { INPUTS } from './inputs.ts'
import { fsAcknowledge, fsCall, fsClose, fsOpen, fsRenew, fsStandIn, fsWatch } from './methods.ts'

/** Reaches the machine a filesystem lives on now. Faults: Unreachable, with which the caller tries again later. */
export type ReachHome = (signal: AbortSignal) => Promise<Client>

/** Asks any machine that has the log of a filesystem. */
export type AskStandIns = <Kind extends RemoteKind>(
  filesystem: string,
  call: StandInCall<Kind>,
  signal: AbortSignal,
) => Promise<RemoteAnswer<Kind>>

/** The way to the home of a filesystem over whatever connection there is at the time of each call. */
export class RpcTransport implements HomeTransport {
  readonly #filesystem: string
  readonly #reach: ReachHome
  readonly standIn: HomeTransport['standIn']
  #failure: unknown

  constructor(filesystem: string, reach: ReachHome, standIn?: AskStandIns) {
    this.#filesystem = filesystem
    this.#reach = reach
    if (standIn !== undefined) this.standIn = (call, signal) => standIn(filesystem, call, signal)
  }

  /** Why it failed when the home was last asked for a session, or to go on with one; undefined when it did not. */
  get failure(): unknown {
    return this.#failure
  }

  open(resume: Resumption | undefined, signal: AbortSignal): Promise<Grant> {
    return this.#noted(this.#open(resume, signal), signal)
  }

  async #open(resume: Resumption | undefined, signal: AbortSignal): Promise<Grant> {
    const client = await this.#reach(signal)
    const { superblock, ...grant } = await client.call(fsOpen, { filesystem: this.#filesystem, resume }, signal)
    return { ...grant, superblock: { version: 1, ...superblock } }
  }

  async call<Kind extends RemoteKind>(
    session: number,
    { kind, name, input }: RemoteCall<Kind>,
    signal: AbortSignal,
  ): Promise<RemoteAnswer<Kind>> {
    const client = await this.#reach(signal)
    const sent = INPUTS[kind].encode(input)
    const params = { filesystem: this.#filesystem, session, kind, name, input: sent.head }
    return answerIn(kind, await client.exchange(fsCall, message(params, sent.body), signal))
  }

  async *watch(session: number, signal: AbortSignal): AsyncGenerator<Stale, void, undefined> {
    const client = await this.#reach(signal)
    for await (const { head } of client.download(fsWatch, this.#of(session), signal)) {
      yield { ...head, granted: head.granted ?? [] }
    }
  }

  async acknowledge(session: number, told: Acknowledgement, signal: AbortSignal): Promise<void> {
    const client = await this.#reach(signal)
    await client.call(fsAcknowledge, { ...this.#of(session), ...told }, signal)
  }

  renew(session: number, signal: AbortSignal): Promise<void> {
    const renewed = this.#reach(signal).then(client => client.call(fsRenew, this.#of(session), signal))
    return this.#noted(renewed, signal)
  }

  async close(session: number, signal: AbortSignal): Promise<void> {
    const client = await this.#reach(signal)
    await client.call(fsClose, this.#of(session), signal)
  }

  async #noted<Answer>(asked: Promise<Answer>, signal: AbortSignal): Promise<Answer> {
    try {
      const answer = await asked
      this.#failure = undefined
      return answer
    } catch (error) {
      if (!signal.aborted) this.#failure = error
      throw error
    }
  }

  #of(session: number) {
    return { filesystem: this.#filesystem, session }
  }
}

/** Asks a machine that has the log of a filesystem what it would answer for the home. */
export async function askStandIn<Kind extends RemoteKind>(
  client: Client,
  filesystem: string,
  { kind, input, newest: { answered, epoch } }: StandInCall<Kind>,
  signal: AbortSignal,
): Promise<RemoteAnswer<Kind>> {
  const sent = INPUTS[kind].encode(input)
  const params = { filesystem, kind, input: sent.head, answered, epoch }
  return answerIn(kind, await client.exchange(fsStandIn, message(params, sent.body), signal))
}

function answerIn<Kind extends RemoteKind>(
  kind: Kind,
  { head, body }: Message<ReturnType<typeof fsCall.result>>,
): RemoteAnswer<Kind> {
  const { errno, value, ...rest } = head
  return { ...rest, answer: errno ?? ANSWERS[kind].decode({ head: value, body }) }
}
