import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { World } from '#base'
import { nodeFolderOf, readSmallFile, replaceSmallFile } from '#cluster'
import { flag, integer, optional, shape, text, exactly } from '#rpc'

/** A key of WireGuard, in base64. The private one lies in a file and nowhere else. */
export interface MeshKey {
  readonly publicKey: string
  readonly file: string
}

const noteShape = shape({
  version: exactly(1),
  /** What it made: removed at the next start when it was not at its end. */
  interface: optional(text(15)),
  listenPort: optional(integer(1, 65_535)),
  isResolvConf: flag,
})

/** What the mesh process remembers of itself from one start to the next. */
export interface MeshNote {
  readonly interface?: string | undefined
  readonly listenPort?: number | undefined
  readonly isResolvConf: boolean
}

/** The files of the mesh in DATA/node: `mesh.key`, `mesh-next.key` while keys are changed, `mesh.json`. */
export class MeshFiles {
  readonly #world: World
  readonly #folder: string

  constructor(world: World, dataFolder: string) {
    this.#world = world
    this.#folder = nodeFolderOf(dataFolder)
  }

  /** The key of this machine; made when there is none, or none that can be read. */
  async key(): Promise<MeshKey> {
    return this.#read('mesh.key') ?? (await this.#make('mesh.key'))
  }

  /** The key that comes next; undefined while keys are not changed. */
  nextKey(): MeshKey | undefined {
    return this.#read('mesh-next.key')
  }

  /** Makes the key that comes next. */
  makeNextKey(): Promise<MeshKey> {
    return this.#make('mesh-next.key')
  }

  /** The next key is the key from now on. */
  async takeNextKey(): Promise<void> {
    this.#world.disk.rename(this.#path('mesh-next.key'), this.#path('mesh.key'))
    await this.#world.disk.syncFolder(this.#folder)
  }

  get note(): MeshNote {
    try {
      return noteShape(JSON.parse(readSmallFile(this.#world.disk, this.#path('mesh.json')) ?? ''), 'mesh.json')
    } catch {
      return { isResolvConf: false } // nothing that matters was in it
    }
  }

  /** Is kept before anything is made that it names. */
  async keepNote(note: MeshNote): Promise<void> {
    await replaceSmallFile(this.#world.disk, this.#path('mesh.json'), JSON.stringify({ version: 1, ...note }))
  }

  #path(name: string): string {
    return `${this.#folder}/${name}`
  }

  #read(name: string): MeshKey | undefined {
    const file = this.#path(name)
    const publicKey = publicKeyOf(readSmallFile(this.#world.disk, file)?.trim() ?? '')
    return publicKey === undefined ? undefined : { publicKey, file }
  }

  async #make(name: string): Promise<MeshKey> {
    const { privateKey, publicKey } = generateKeyPairSync('x25519')
    const file = this.#path(name)
    await replaceSmallFile(this.#world.disk, file, `${rawOf(privateKey, 'd')}\n`)
    return { publicKey: rawOf(publicKey, 'x'), file }
  }
}

// RFC 8410: what is before the 32 bytes of an X25519 private key in PKCS #8.
const PKCS8_HEAD = Buffer.from('302e020100300506032b656e04220420', 'hex')
const KEY_BYTES = 32

function publicKeyOf(privateText: string): string | undefined {
  const raw = Buffer.from(privateText, 'base64')
  if (raw.byteLength !== KEY_BYTES) return undefined
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, raw]), format: 'der', type: 'pkcs8' })
  return rawOf(createPublicKey(privateKey), 'x')
}

function rawOf(key: KeyObject, part: 'd' | 'x'): string {
  return Buffer.from(key.export({ format: 'jwk' })[part] ?? '', 'base64url').toString('base64')
}
