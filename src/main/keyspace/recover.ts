import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { isFault, type World } from '#base'
import { type EtcdMember, type Keyspace, openEtcdMembers } from '#keyspace'
import { ETCD_STOP_MS, RECOVER_MS, RECOVER_OTHERS_MS } from '../limits.ts'
import { cloudOf } from '../cloud-place.ts'
import { mainFault } from '../faults.ts'
import { etcdArguments, etcdProgram, refuseWithoutEtcd } from '../members/etcd-program.ts'
import {
  type EtcdMemberPlan,
  hasMemberData,
  memberFilesOf,
  memberFolderOf,
  memberUrl,
  readMember,
} from '../members/member-file.ts'
import { takeInstance } from '../supervisor/instance.ts'
import { type EtcdChoice, membersChoice, readChoice, wordsOfChoice, writeChoice } from './choice.ts'
import { readEtcdFiles } from './etcd-files.ts'
import { openControlKeyspace } from './open.ts'

/** What is left of a control plane, after a recovery. */
export interface Recovered {
  /** Controllers that are no members any more. */
  readonly lost: readonly string[]
  readonly keys: number
}

/**
 * Lets the control plane of a cloud go on with the member of this machine alone, when most others are lost for good: what only they had
 * acknowledged is lost with them. Cairn must not run here, and on no other of them. Done twice it is the same as done once. Faults:
 * AlreadyRunning, Invalid, NotFound, Missing, Busy, those of the keyspace.
 */
export async function recoverControl(
  { dataFolder, isForced }: { readonly dataFolder: string; readonly isForced: boolean },
  { world }: { readonly world: World },
  signal: AbortSignal,
): Promise<Recovered> {
  const { member, choice } = membersHere(dataFolder)
  refuseWithoutEtcd('the control plane')
  using _instance = takeInstance(dataFolder, world.disk)
  const own = memberUrl(member.host, member.clientPort)
  await refuseOthers(choice, { world, dataFolder, own }, signal)
  if (!isForced) throw lossy(member.name)
  await using etcd = new ForcedEtcd(dataFolder, member)
  const soon = AbortSignal.any([signal, AbortSignal.timeout(RECOVER_MS)])
  const alone = membersChoice(dataFolder, [own])
  await etcd.untilAlone(() => namesAt([own], { world, dataFolder }, soon), world, soon)
  await using keyspace = await openControlKeyspace(alone, { world, dataFolder }, soon)
  const keys = await countOf(keyspace, soon)
  writeChoice(dataFolder, alone)
  const { controllers = [] } = cloudOf(world.disk, dataFolder) ?? {}
  return { lost: controllers.filter(name => name !== member.name), keys }
}

function membersHere(dataFolder: string): { readonly member: EtcdMemberPlan; readonly choice: EtcdChoice } {
  const choice = readChoice(dataFolder)
  if (choice.kind !== 'members') {
    throw mainFault('Invalid', `the control plane of ${dataFolder} is in ${wordsOfChoice(choice)}`, {
      hint: 'There is nothing to recover here. Do this on a controller that was a member of the etcd of its cloud.',
    })
  }
  const member = readMember(dataFolder)
  if (member !== undefined && hasMemberData(dataFolder)) return { member, choice }
  throw mainFault('NotFound', `${dataFolder} has nothing of the etcd of its cloud`, {
    hint: 'Do this on another controller that is left, or restore a backup: cairn keyspace restore.',
  })
}

// One that answers has more than this one may have.
async function refuseOthers(
  { endpoints }: EtcdChoice,
  at: { readonly world: World; readonly dataFolder: string; readonly own: string },
  signal: AbortSignal,
): Promise<void> {
  for (const endpoint of endpoints.filter(each => each !== at.own)) {
    const soon = AbortSignal.any([signal, AbortSignal.timeout(RECOVER_OTHERS_MS)])
    const names = await namesAt([endpoint], at, soon).catch(() => undefined)
    signal.throwIfAborted()
    if (names === undefined) continue
    throw mainFault('Busy', `the etcd at ${new URL(endpoint).host} answers: that controller is not lost`, {
      hint: 'Start Cairn here and wait. If too few are left, end Cairn there first (cairn down), and take that machine in anew later.',
    })
  }
}

async function namesAt(
  endpoints: readonly string[],
  { world, dataFolder }: { readonly world: World; readonly dataFolder: string },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const urls = endpoints.map(endpoint => new URL(endpoint))
  using members = openEtcdMembers({ world, endpoints: urls, tls: readEtcdFiles(memberFilesOf(dataFolder)).tls })
  return (await members.list(signal)).map(({ name }: EtcdMember) => name)
}

async function countOf(keyspace: Keyspace, signal: AbortSignal): Promise<number> {
  return (await keyspace.range({ keys: { kind: 'prefix', prefix: '' }, want: 'count' }, signal)).count
}

/** The etcd of this machine, which forgets all other members as it starts (etcd.io/docs/v3.4/op-guide/recovery). */
class ForcedEtcd implements AsyncDisposable {
  readonly #child: ChildProcess

  constructor(dataFolder: string, member: EtcdMemberPlan) {
    const log = fs.openSync(`${memberFolderOf(dataFolder)}/log`, 'a', 0o600)
    const words = [...etcdArguments(dataFolder, member), '--force-new-cluster']
    const program = ['--pdeathsig', 'KILL', etcdProgram() ?? 'etcd', ...words]
    this.#child = spawn('setpriv', program, { stdio: ['ignore', log, log] })
    fs.closeSync(log)
  }

  /** Resolves when it is the only member. Faults: Missing, when it ends before. */
  async untilAlone(
    names: () => Promise<readonly string[]>,
    { clock }: Pick<World, 'clock'>,
    signal: AbortSignal,
  ): Promise<void> {
    for (;;) {
      const now = await names().catch((error: unknown) => {
        if (!isFault(error)) throw error
        return []
      })
      if (now.length === 1) return
      if (this.#isOver) throw mainFault('Missing', 'etcd did not start', { hint: 'See what it says in DATA/etcd/log.' })
      await clock.sleep(LOOK_MS, signal)
    }
  }

  get #isOver(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOver) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    const late = setTimeout(() => this.#child.kill('SIGKILL'), ETCD_STOP_MS)
    await ended
    clearTimeout(late)
  }
}

function lossy(name: string): Error {
  return mainFault('Invalid', `the control plane would go on with what ${name} has, without the other controllers`, {
    hint: 'Only if they are lost for good, or were wiped: they must never be started again with what they have. Then say --force.',
  })
}

const LOOK_MS = 200
