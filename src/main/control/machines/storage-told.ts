import { isFault, type World } from '#base'
import { clusterReload } from '#cluster'
import { connectSocket, doorOf } from '#rpc'
import { NODE_TOLD_RETRY_MS } from '../../limits.ts'
import { softwareName } from '../../version.ts'

/**
 * Tells storage that the files of this machine are there, or others, as soon as it hears: it may be starting, or be replaced.
 * Disposing ends the trying.
 */
export class StorageTold implements AsyncDisposable {
  readonly #dataFolder: string
  readonly #world: World
  readonly #closing = new AbortController()
  #telling: Promise<void> | undefined
  #isAgain = false

  constructor(dataFolder: string, world: World) {
    this.#dataFolder = dataFolder
    this.#world = world
  }

  /** There is something to tell. */
  tell(): void {
    this.#isAgain = true
    this.#telling ??= this.#run().finally(() => {
      this.#telling = undefined
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#telling
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing
    while (this.#isAgain && !signal.aborted) {
      this.#isAgain = false
      try {
        await this.#tellOnce(signal)
      } catch (error) {
        if (signal.aborted) return
        if (!isFault(error)) throw error
        this.#isAgain = true
        await this.#world.clock.sleep(NODE_TOLD_RETRY_MS, signal).catch(() => undefined)
      }
    }
  }

  async #tellOnce(signal: AbortSignal): Promise<void> {
    const options = { clock: this.#world.clock, software: softwareName() }
    await using client = await connectSocket(doorOf(this.#dataFolder), options, signal)
    await client.call(clusterReload, undefined, signal)
  }
}
