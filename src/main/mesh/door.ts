import { isFault, type World } from '#base'
import {
  type Heard,
  heardShape,
  jsonBody,
  type MeshMap,
  meshFollow,
  meshMapShape,
  meshTurn,
  readJsonBody,
  type Turn,
} from '#mesh'
import { type Client, connectSocket, doorOf, message } from '#rpc'
import { softwareName } from '../version.ts'
import { MESH_DOOR_AGAIN_MS } from './limits.ts'

/**
 * The storage process of this machine: says what the map is, and carries what is said to other machines. It comes and goes; what
 * it has said last holds meanwhile.
 */
export class MeshDoor implements AsyncDisposable {
  readonly #dataFolder: string
  readonly #world: World
  readonly #changed: () => void
  readonly #closing = new AbortController()
  readonly #following: Promise<void>
  #client: Client | undefined
  #map: MeshMap | undefined
  #rotations: number | undefined
  #wanted = 0

  constructor(dataFolder: string, world: World, changed: () => void) {
    this.#dataFolder = dataFolder
    this.#world = world
    this.#changed = changed
    this.#following = this.#follow()
  }

  /** The map of the moment; undefined before storage has said it. */
  get map(): MeshMap | undefined {
    return this.#map
  }

  /** How often people wanted another key since this process began. */
  get rotations(): number {
    return this.#wanted
  }

  /** Tells how it is here; answers what others say, or undefined when storage does not answer now. */
  async turn(turn: Turn): Promise<Heard | undefined> {
    try {
      const answer = await this.#client?.exchange(meshTurn, message(undefined, jsonBody(turn)), this.#closing.signal)
      return answer === undefined ? undefined : readJsonBody(answer.body, heardShape)
    } catch (error) {
      if (!isFault(error) && !this.#closing.signal.aborted) throw error
      return undefined
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#following
  }

  async #follow(): Promise<void> {
    const { clock } = this.#world
    const { signal } = this.#closing
    while (!signal.aborted) {
      try {
        await this.#followOnce(signal)
      } catch (error) {
        if (!signal.aborted && !isFault(error)) throw error
      }
      this.#client = undefined
      await clock.sleep(MESH_DOOR_AGAIN_MS, signal).catch(() => undefined)
    }
  }

  async #followOnce(signal: AbortSignal): Promise<void> {
    const options = { clock: this.#world.clock, software: softwareName() }
    await using client = await connectSocket(doorOf(this.#dataFolder), options, signal)
    this.#client = client
    this.#rotations = undefined // another process counts anew
    for await (const { head, body } of client.download(meshFollow, undefined, signal)) {
      this.#map = readJsonBody(body, meshMapShape)
      if (this.#rotations !== undefined && head.rotations > this.#rotations) this.#wanted += 1
      this.#rotations = head.rotations
      this.#changed()
    }
  }
}
