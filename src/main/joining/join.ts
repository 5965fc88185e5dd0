import { X509Certificate } from 'node:crypto'
import fs from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'
import type { World } from '#base'
import {
  clusterJoin,
  FORMAT_LEVEL,
  keepMap,
  type NodeMap,
  OLDEST_FORMAT_LEVEL,
  readMap,
  subjectOf,
  writeNodeFiles,
} from '#cluster'
import { authorityFingerprint, type JoinToken, newKey, newRequest, readJoinToken } from '#identity'
import { message } from '#rpc'
import { shortCloud } from '../cloud-place.ts'
import { openDataFolder } from '../data-folder.ts'
import { mainFault } from '../faults.ts'
import { nodeNameOf, refuseNodeName } from '../node-name.ts'
import { takeInstance } from '../supervisor/instance.ts'
import { refuseOwned } from './belongs.ts'
import { askCloud } from './dial.ts'

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
}

/**
 * Makes this machine a member of the cloud that a token is of: makes its key, asks for its certificate, and keeps both in a new
 * data folder. Whatever is refused leaves nothing behind. Faults: TokenInvalid, Belongs, AlreadyRunning, DataFolder,
 * CloudUnreachable and those of the cloud: TokenRefused, Occupied, ClockSkew, Unsupported, Invalid, TooManyRequests.
 */
export async function joinCloud(
  { token: text, dataFolder: wanted, name: chosen }: JoinWords,
  world: World,
): Promise<Joined> {
  const token = readJoinToken(text)
  if (token.role === 'controller') throw noControllers()
  const before = await refuseOwned(wanted, token.fingerprint, world)
  const name = chosen ?? before ?? nodeNameOf(hostname())
  refuseNodeName(name)
  if (before !== undefined && name !== before) throw calledOtherwise(name, before)
  using made = new MadeFolder(path.resolve(wanted))
  const dataFolder = await openDataFolder(wanted)
  using _instance = takeInstance(dataFolder, world.disk)
  const member = await askIn(token, name, world)
  const { credential, map } = member
  const node = { name, role: member.role, cloud: token.fingerprint }
  // One that comes back knows a later map perhaps than a cloud that was restored.
  if (before === undefined) await keepMap(world.disk, dataFolder, map)
  await writeNodeFiles(world.disk, dataFolder, { node, credential })
  made.keep()
  const controllers = map.machines.filter(({ role }) => role === 'controller').map(machine => machine.name)
  return { ...node, shortCloud: shortCloud(node.cloud), controllers, dataFolder }
}

async function askIn(token: JoinToken, name: string, world: World) {
  const keyPem = await newKey()
  const csrPem = await newRequest(subjectOf({ name, isController: false }).name, keyPem)
  const { id, secret } = token
  const asked = { token: `${id}.${secret}`, name, csrPem, level: FORMAT_LEVEL, oldestLevel: OLDEST_FORMAT_LEVEL }
  const { head, body } = await askCloud(token, world, (client, signal) => {
    const wallMs = Number(world.clock.wallNs() / 1_000_000n)
    return client.exchange(clusterJoin, message({ ...asked, wallMs }), signal)
  })
  const { certificatePem, authorityPem, role } = head
  const map = readMap(body)
  refuseAnswer({ certificatePem, authorityPem, keyPem }, map, token)
  return { credential: { certificatePem, authorityPem, keyPem }, map, role }
}

interface Answered {
  readonly certificatePem: string
  readonly authorityPem: string
  readonly keyPem: string
}

// Any machine of the cloud may have answered: what it says is believed only as far as the authority has signed it.
function refuseAnswer({ certificatePem, authorityPem }: Answered, map: NodeMap, { fingerprint }: JoinToken): void {
  const isOurs = authorityFingerprint(authorityPem) === fingerprint && map.cloud === fingerprint
  const isSigned = new X509Certificate(certificatePem).verify(new X509Certificate(authorityPem).publicKey)
  if (isOurs && isSigned) return
  throw mainFault('TokenRefused', 'what the machine of the cloud answered is not of the cloud the token names', {
    hint: 'Make another token on a controller you trust: cairn token create --role node',
  })
}

function calledOtherwise(name: string, before: string): Error {
  return mainFault('Invalid', `--name: "${name}": this machine is called ${before} in its cloud`, {
    hint: 'Leave --name out.',
  })
}

function noControllers(): Error {
  return mainFault('Unsupported', 'Unsupported: joining as a controller', {
    hint: 'Join as a node (cairn token create --role node). A second controller starts on the same etcd: cairn up --keyspace etcd=https://HOST:PORT',
  })
}

/** What was not there before of a data folder, and of the folders above it: gone again unless it is kept. */
class MadeFolder implements Disposable {
  readonly #made: readonly string[]
  #isKept = false

  constructor(folder: string) {
    const missing = firstMissing(folder)
    const inside = MADE.map(name => path.join(folder, name)).filter(each => !fs.existsSync(each))
    this.#made = missing === undefined ? inside : [missing]
  }

  keep(): void {
    this.#isKept = true
  }

  [Symbol.dispose](): void {
    if (this.#isKept) return
    for (const each of this.#made) fs.rmSync(each, { recursive: true, force: true })
  }
}

// In a folder that was there, and empty.
const MADE = ['version', 'lock', 'node']

function firstMissing(folder: string): string | undefined {
  if (fs.existsSync(folder)) return undefined
  const above = path.dirname(folder)
  return firstMissing(above) ?? folder
}
