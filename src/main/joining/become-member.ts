import { X509Certificate } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import type { World } from '#base'
import { type JoinResult, keepMap, keepPlaces, type NodeMap, writeNodeFiles } from '#cluster'
import { authorityFingerprint } from '#identity'
import { shortCloud } from '../cloud-place.ts'
import { mainFault } from '../faults.ts'
import { controlText } from '../members/plan.ts'
import { becomeController } from './controller.ts'
import type { CloudPlace } from './dial.ts'
import type { Joined } from './join.ts'
import { forgetPending } from './pending.ts'

/** What a machine has got that was let in. */
export interface Admitted {
  readonly name: string
  /** Where the cloud is, and how it is known. */
  readonly place: CloudPlace
  readonly keyPem: string
  readonly answer: JoinResult
  readonly map: NodeMap
  readonly dataFolder: string
  readonly made: MadeFolder
  /** It was of this cloud before, and has a map. */
  readonly isBack: boolean
}

/** Keeps all of it, after a look whether it is of the cloud that was meant. Faults: TokenRefused. */
export async function becomeMember(admitted: Admitted, { disk }: Pick<World, 'disk'>): Promise<Joined> {
  const { name, place, keyPem, answer, map, dataFolder, made, isBack } = admitted
  refuseAnswer(answer, map, place)
  const { certificatePem, authorityPem, role } = answer
  const node = { name, role, cloud: place.fingerprint }
  if (!isBack) await keepMap(disk, dataFolder, map)
  await keepPlaces(disk, dataFolder, place.addresses)
  becomeController(dataFolder, { name, keyPem, answer })
  await writeNodeFiles(disk, dataFolder, { node, credential: { keyPem, certificatePem, authorityPem } })
  forgetPending(disk, dataFolder)
  made.keep()
  const controllers = map.machines.filter(each => each.role === 'controller').map(machine => machine.name)
  const all = [...new Set(role === 'controller' ? [...controllers, name] : controllers)]
  const control = role === 'controller' ? controlText(all.length) : undefined
  return { ...node, shortCloud: shortCloud(node.cloud), controllers: all, dataFolder, control }
}

// Any machine of the cloud may have answered: what it says is believed only as far as the authority has signed it.
function refuseAnswer({ certificatePem, authorityPem }: JoinResult, map: NodeMap, { fingerprint }: CloudPlace): void {
  const isOurs = authorityFingerprint(authorityPem) === fingerprint && map.cloud === fingerprint
  const isSigned = new X509Certificate(certificatePem).verify(new X509Certificate(authorityPem).publicKey)
  if (isOurs && isSigned) return
  throw mainFault('TokenRefused', 'what the machine of the cloud answered is not of the cloud that was meant', {
    hint: 'Make another token on a controller you trust: cairn token create --role node',
  })
}

/** What was not there before of a data folder, and of the folders above it: gone again unless it is kept. */
export class MadeFolder implements Disposable {
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
const MADE = ['version', 'lock', 'node', 'keyspace.json']

function firstMissing(folder: string): string | undefined {
  if (fs.existsSync(folder)) return undefined
  const above = path.dirname(folder)
  return firstMissing(above) ?? folder
}
