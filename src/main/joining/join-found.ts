import { createHash, createPublicKey } from 'node:crypto'
import { hostname } from 'node:os'
import path from 'node:path'
import type { World } from '#base'
import {
  clusterKnock,
  FORMAT_LEVEL,
  joinCode,
  type Knock,
  knockCommitment,
  type Knocked,
  OLDEST_FORMAT_LEVEL,
  readMap,
  subjectOf,
} from '#cluster'
import { newKey, newRequest } from '#identity'
import { type Message, message } from '#rpc'
import { openDataFolder } from '../data-folder.ts'
import { mainFault } from '../faults.ts'
import { KNOCK_AGAIN_MS, KNOCK_MS } from '../limits.ts'
import { nodeNameOf, refuseNodeName } from '../node-name.ts'
import { takeInstance } from '../supervisor/instance.ts'
import { becomeMember, MadeFolder } from './become-member.ts'
import { belongingOf } from './belongs.ts'
import { askCloud, type CloudPlace } from './dial.ts'
import type { Joined } from './join.ts'

/** What `cairn join` was told without a token. */
export interface FoundWords {
  /** A controller that was found, and the cloud that it says it is of: nobody has vouched for either. */
  readonly place: CloudPlace
  readonly dataFolder: string
  readonly name?: string | undefined
}

/** Whoever sits before this machine. */
export interface Person {
  /** Shows the code that an administrator is to confirm. */
  showCode(code: string): void
  /** Whether the administrator's machine has said that it let this one in. */
  isConfirmed(): Promise<boolean>
}

/**
 * Makes this machine a member of a cloud that was found, when people at both sides have seen the same code: who is between them
 * shows another. Nothing is kept before. Faults: Belongs, AlreadyRunning, DataFolder, NotConfirmed, CloudUnreachable, those of the
 * cloud (Occupied, ClockSkew, Unsupported, TooManyRequests); the signal's reason.
 */
export async function joinFound(words: FoundWords, person: Person, world: World, signal: AbortSignal): Promise<Joined> {
  const { place, dataFolder: wanted } = words
  await refuseMember(wanted, place.fingerprint, world)
  const name = words.name ?? nodeNameOf(hostname())
  refuseNodeName(name)
  using made = new MadeFolder(path.resolve(wanted))
  const dataFolder = await openDataFolder(wanted)
  using _instance = takeInstance(dataFolder, world.disk)
  const keyPem = await newKey()
  const { head, body } = await knockUntilAdmitted({ place, name, keyPem }, person, world, signal)
  if (head.admitted === undefined || !(await person.isConfirmed())) throw notConfirmed(name)
  const member = { name, place, keyPem, answer: head.admitted, map: readMap(body), dataFolder, made, isBack: false }
  return await becomeMember(member, world)
}

async function refuseMember(dataFolder: string, cloud: string, world: World): Promise<void> {
  const belonging = await belongingOf(dataFolder, cloud, world)
  if (belonging.kind === 'new') return
  const name = belonging.kind === 'member' ? belonging.files.node.name : belonging.name
  throw mainFault('Belongs', `this machine is in the cloud already, as ${name} (${dataFolder})`, {
    hint: `Start it with \`cairn up\`. To take it in again: cairn token create --role node --node ${name}, then cairn join TOKEN.`,
  })
}

interface Knocking {
  readonly place: CloudPlace
  readonly name: string
  readonly keyPem: string
}

// The commitment first, what it commits to only when the other side has told its nonce.
async function knockUntilAdmitted(
  { place, name, keyPem }: Knocking,
  person: Person,
  world: World,
  signal: AbortSignal,
): Promise<Message<Knocked>> {
  const nonce = Buffer.from(world.entropy.bytes(16)).toString('base64url')
  const key = keyText(keyPem)
  const commitment = knockCommitment({ name, key, nonce })
  const csrPem = await newRequest(subjectOf({ name, isController: false }).name, keyPem)
  const knock = (said: Knock) =>
    askCloud(place, world, (client, over) =>
      client.exchange(clusterKnock, message(said), AbortSignal.any([over, signal])),
    )
  const { answer } = (await knock({ commitment })).head
  person.showCode(joinCode({ name, key, nonce, fingerprint: place.fingerprint, answer }))
  const endMs = world.clock.monotonicMs() + KNOCK_MS
  while (world.clock.monotonicMs() < endMs) {
    const wallMs = Number(world.clock.wallNs() / 1_000_000n)
    const levels = { level: FORMAT_LEVEL, oldestLevel: OLDEST_FORMAT_LEVEL }
    const told = await knock({ commitment, shown: { name, csrPem, nonce, wallMs, ...levels } })
    // Another nonce would be another code than the one that is shown.
    if (told.head.answer !== answer) throw notConfirmed(name)
    if (told.head.state === 'admitted') return told
    await world.clock.sleep(KNOCK_AGAIN_MS, signal)
  }
  throw notConfirmed(name)
}

function keyText(keyPem: string): string {
  const bytes = createPublicKey(keyPem).export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(bytes).digest('base64url')
}

function notConfirmed(name: string): Error {
  return mainFault('NotConfirmed', 'this machine was not confirmed: nothing of the cloud was kept on it', {
    hint: `Ask again with \`cairn join\`. Was it confirmed on the controller, then first there: cairn node remove ${name}`,
  })
}
