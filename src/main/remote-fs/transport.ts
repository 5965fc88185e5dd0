import { type Client, message } from '#rpc'
import type {
  Acknowledgement,
  Grant,
  HomeTransport,
  RemoteAnswer,
  RemoteCall,
  RemoteKind,
  Resumption,
  Stale,
} from '#storage/fs'
import { ANSWERS } from './answers.ts'
import { INPUTS } from './inputs.ts'
import { fsAcknowledge, fsCall, fsClose, fsOpen, fsRenew, fsWatch } from './methods.ts'

/** Reaches the machine a filesystem lives on now. Faults: Unreachable, with which the caller tries again later. */
export type ReachHome = (signal: AbortSignal) => Promise<Client>

/** The way to the home of a filesystem over whatever connection there is at the time of each call. */
export class RpcTransport implements HomeTransport {
  readonly #filesystem: string
  readonly #reach: ReachHome

  constructor(filesystem: string, reach: ReachHome) {
    this.#filesystem = filesystem
    this.#reach = reach
  }

  async open(resume: Resumption | undefined, signal: AbortSignal): Promise<Grant> {
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
    const { head, body } = await client.exchange(fsCall, message(params, sent.body), signal)
    const { errno, value, ...rest } = head
    return { ...rest, answer: errno ?? ANSWERS[kind].decode({ head: value, body }) }
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

  async renew(session: number, signal: AbortSignal): Promise<void> {
    const client = await this.#reach(signal)
    await client.call(fsRenew, this.#of(session), signal)
  }

  async close(session: number, signal: AbortSignal): Promise<void> {
    const client = await this.#reach(signal)
    await client.call(fsClose, this.#of(session), signal)
  }

  #of(session: number) {
    return { filesystem: this.#filesystem, session }
  }
}
