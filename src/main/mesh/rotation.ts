import type { World } from '#base'
import type { MeshMap } from '#mesh'
import type { MeshInterface } from './interface.ts'
import type { MeshFiles, MeshKey } from './keys.ts'
import { ROTATE_WAIT_MS } from './limits.ts'

/** What a change of keys works on. */
export interface RotationParts {
  readonly world: Pick<World, 'clock' | 'log'>
  readonly files: MeshFiles
  readonly device: MeshInterface
}

/**
 * Gives this machine another key: the next one is made and told, and used when the map has said it for a while, so that all
 * others take it by then. One that was interrupted goes on.
 */
export class KeyRotation {
  readonly #parts: RotationParts
  #next: MeshKey | undefined
  #toldMs: number | undefined

  constructor(parts: RotationParts) {
    this.#parts = parts
    this.#next = parts.files.nextKey()
  }

  /** The key that comes next; undefined: none does. */
  get next(): MeshKey | undefined {
    return this.#next
  }

  /** Begins, unless it is under way. */
  async begin(): Promise<void> {
    this.#next ??= await this.#parts.files.makeNextKey()
  }

  /** Goes on as far as the map allows; true when the key has just become the one that is used. */
  async look(map: MeshMap): Promise<boolean> {
    const { world, files, device } = this.#parts
    const next = this.#next
    const told = map.machines.find(({ name }) => name === map.own)?.mesh?.nextPublicKey
    if (next === undefined || told !== next.publicKey) {
      this.#toldMs = undefined
      return false
    }
    const nowMs = world.clock.monotonicMs()
    this.#toldMs ??= nowMs
    if (nowMs - this.#toldMs < ROTATE_WAIT_MS) return false
    await device.set(['private-key', next.file])
    await files.takeNextKey()
    this.#next = undefined
    world.log.info('this machine has another key on the mesh', { publicKey: next.publicKey })
    return true
  }
}
