import { hostname } from 'node:os'
import path from 'node:path'
import { isFault, type World } from '#base'
import { clusterJoin, FORMAT_LEVEL, type NodeFiles, OLDEST_FORMAT_LEVEL, readMap, subjectOf } from '#cluster'
import { type JoinToken, newRequest, readJoinToken } from '#identity'
import { message } from '#rpc'
import { cloudOf, shortCloud } from '../cloud-place.ts'
import { openDataFolder } from '../data-folder.ts'
import { mainFault } from '../faults.ts'
import { nodeNameOf, refuseNodeName } from '../node-name.ts'
import { takeInstance } from '../supervisor/instance.ts'
import { becomeMember, MadeFolder } from './become-member.ts'
import { belongingOf } from './belongs.ts'
import { masterIdHere, refuseController } from './controller.ts'
import { askCloud } from './dial.ts'
import { moveControllers } from './member-again.ts'
import { pendingKey } from './pending.ts'

/** What `cairn join` was told. */
export interface JoinWords {
  readonly token: string
  readonly dataFolder: string
  /** What this machine is to be called; its host name when it is not said. */
  readonly name?: string | undefined
}

/** A machine that has joined. */
export interface Joined {
  readonly name: string
  readonly role: 'controller' | 'node'
  readonly cloud: string
  readonly shortCloud: string
  readonly controllers: readonly string[]
  readonly dataFolder: string
  /** It was a member already, and looks for its controllers at these addresses too from now on. */
  readonly moved?: { readonly addresses: readonly string[]; readonly isRunning: boolean }
  /** How the control plane stands with this controller, for people. */
  readonly control?: string | undefined
}

/**
 * Makes this machine a member of the cloud that a token is of: makes its key, asks for its certificate, and keeps both in a new
 * data folder. Whatever is refused leaves nothing behind; when the answer is lost, the same token is good for another try. One
 * that is a member already takes the addresses of the token. Faults: TokenInvalid, Belongs, AlreadyRunning, DataFolder,
 * CloudUnreachable and those of the cloud: TokenRefused, Occupied, ClockSkew, Unsupported, Invalid, TooManyRequests.
 */
export async function joinCloud(words: JoinWords, world: World): Promise<Joined> {
  const { dataFolder: wanted, name: chosen } = words
  const token = readJoinToken(words.token)
  const belonging = await belongingOf(wanted, token.fingerprint, world)
  refuseController(token, belonging.kind === 'member' ? belonging.files : undefined)
  const before =
    belonging.kind === 'member' ? belonging.files.node.name : belonging.kind === 'lapsed' ? belonging.name : undefined
  const name = chosen ?? before ?? nodeNameOf(hostname())
  refuseNodeName(name)
  if (before !== undefined && name !== before) throw calledOtherwise(name, before)
  if (belonging.kind === 'member') return memberAgain(token, belonging.files, { dataFolder: wanted, world })
  using made = new MadeFolder(path.resolve(wanted))
  const dataFolder = await openDataFolder(wanted)
  using _instance = takeInstance(dataFolder, world.disk)
  const keyPem = await pendingKey(world.disk, dataFolder, { token: token.id, name })
  const answered = await askIn(token, { name, keyPem, unheard: () => made.keep() }, world)
  // One that comes back knows a later map perhaps than a cloud that was restored.
  const isBack = before !== undefined
  return await becomeMember({ ...answered, name, place: token, dataFolder, made, isBack }, world)
}

async function memberAgain(
  { addresses }: JoinToken,
  files: NodeFiles,
  { dataFolder, world }: { readonly dataFolder: string; readonly world: World },
): Promise<Joined> {
  const isRunning = await moveControllers({ addresses }, { dataFolder, files }, world)
  const { cloud } = files.node
  const controllers = cloudOf(world.disk, dataFolder)?.controllers ?? []
  return { ...files.node, shortCloud: shortCloud(cloud), controllers, dataFolder, moved: { addresses, isRunning } }
}

interface Asking {
  readonly name: string
  readonly keyPem: string
  /** Somebody was asked, and has not answered: the token may be used up. */
  unheard(): void
}

async function askIn(token: JoinToken, { name, keyPem, unheard }: Asking, world: World) {
  const csrPem = await newRequest(subjectOf({ name, isController: false }).name, keyPem)
  const { id, secret } = token
  const levels = { level: FORMAT_LEVEL, oldestLevel: OLDEST_FORMAT_LEVEL }
  const asked = { token: `${id}.${secret}`, name, csrPem, ...levels, masterId: masterIdHere(token) }
  const place = { ...token, isForController: token.role === 'controller' }
  const { head, body } = await askCloud(place, world, async (client, signal) => {
    const wallMs = Number(world.clock.wallNs() / 1_000_000n)
    try {
      return await client.exchange(clusterJoin, message({ ...asked, wallMs }), signal)
    } catch (error) {
      if (isFault(error, 'Closed') || isFault(error, 'DeadlineExceeded')) unheard()
      throw error
    }
  })
  return { keyPem, answer: head, map: readMap(body) }
}

function calledOtherwise(name: string, before: string): Error {
  return mainFault('Invalid', `--name: "${name}": this machine is called ${before} in its cloud`, {
    hint: 'Leave --name out.',
  })
}
