import { clusterFault, forMachines, type MachineSubject, machineOf } from '#cluster'
import { answerDownload, answerUnary, type CallContext, type Handler, type Message, message, NO_BYTES } from '#rpc'
import {
  type Access,
  type Asker,
  type HomeSessions,
  isErrno,
  type RemoteAnswer,
  type RemoteKind,
  type StandInCall,
} from '#storage/fs'
import { ANSWERS } from './answers.ts'
import { INPUTS } from './inputs.ts'
import { fsAcknowledge, fsCall, fsClose, fsOpen, fsRenew, fsStandIn, fsWatch } from './methods.ts'

/** Which filesystems have their home here, and what machines may do with them. */
export interface Homes {
  /** Faults: NotFound. */
  sessionsOf(filesystem: string): HomeSessions
  /** Undefined: nothing. */
  accessOf(machine: MachineSubject, filesystem: string): Access | undefined
}

/** What other machines may ask of the filesystems whose home is here; each call is for machines that may use the filesystem. */
export function remoteHandlers(homes: Homes): readonly Handler[] {
  const askerOf = (filesystem: string, { peer }: CallContext): Asker => {
    const machine = peer === undefined ? undefined : machineOf(peer)
    const access = machine === undefined ? undefined : homes.accessOf(machine, filesystem)
    if (machine !== undefined && access !== undefined) return { machine: machine.name, access }
    throw clusterFault('Forbidden', `the filesystem ${filesystem} is not for ${machine?.name ?? 'a stranger'}`)
  }
  return [
    answerUnary(fsOpen, async ({ filesystem, resume }, context) => {
      const asker = askerOf(filesystem, context)
      const resumed = resume === undefined ? undefined : { ...resume, locks: resume.locks ?? [] }
      const { superblock, ...grant } = homes.sessionsOf(filesystem).open(asker, resumed)
      const { id, name, pool, chunkBytes, createdNs } = superblock
      return message({ ...grant, superblock: { id, name, pool, chunkBytes, createdNs } })
    }),
    answerUnary(fsCall, async ({ filesystem, session, kind, name, input }, context) => {
      const asker = askerOf(filesystem, context)
      const call = { kind, name, input: INPUTS[kind].decode({ head: input, body: context.body }) }
      const sessions = homes.sessionsOf(filesystem)
      const told = await sessions.call(session, asker, call)
      if (context.signal.aborted) sessions.unheard(session, call, told)
      return answerOf(kind, told)
    }),
    answerDownload(fsWatch, async function* ({ filesystem, session }, context) {
      const sessions = homes.sessionsOf(filesystem)
      for await (const stale of sessions.watch(session, askerOf(filesystem, context), context.signal)) {
        yield message(stale)
      }
      return message(undefined)
    }),
    answerUnary(fsAcknowledge, async ({ filesystem, session, ...told }, context) => {
      homes.sessionsOf(filesystem).acknowledge(session, askerOf(filesystem, context), told)
      return message(undefined)
    }),
    answerUnary(fsRenew, async ({ filesystem, session }, context) => {
      homes.sessionsOf(filesystem).renew(session, askerOf(filesystem, context))
      return message(undefined)
    }),
    answerUnary(fsClose, async ({ filesystem, session }, context) => {
      homes.sessionsOf(filesystem).close(session, askerOf(filesystem, context))
      return message(undefined)
    }),
  ]
}

/** Answers for homes elsewhere that are silent. */
export interface AnswersForHomes {
  answer(machine: MachineSubject, filesystem: string, call: StandInCall, signal: AbortSignal): Promise<RemoteAnswer>
}

/** What other machines may ask of filesystems whose log is here. */
export function standInHandlers(standIns: AnswersForHomes): readonly Handler[] {
  return forMachines([
    answerUnary(fsStandIn, async ({ filesystem, kind, input, answered, epoch }, { peer, body, signal }) => {
      const machine = peer === undefined ? undefined : machineOf(peer)
      if (machine === undefined) throw clusterFault('Forbidden', 'filesystems are for machines of the cloud')
      const call = { kind, input: INPUTS[kind].decode({ head: input, body }), newest: { answered, epoch } }
      return answerOf(kind, await standIns.answer(machine, filesystem, call, signal))
    }),
  ])
}

type CallResult = ReturnType<typeof fsCall.result>

function answerOf<Kind extends RemoteKind>(kind: Kind, told: RemoteAnswer<Kind>): Message<CallResult> {
  const { answer, revision, changed, contentTo, isDelegated } = told
  const rest = { revision, changed, contentTo, isDelegated }
  if (isErrno(answer)) return message({ ...rest, errno: answer, value: undefined }, NO_BYTES)
  const { head, body } = ANSWERS[kind].encode(answer)
  return message({ ...rest, value: head }, body)
}
