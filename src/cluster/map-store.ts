import { isFault } from '#base'
import { clusterFault } from './faults.ts'
import { nodeFolderOf } from './files/node-files.ts'
import { readSmallFile, replaceSmallFile, type SmallDisk } from './files/small-file.ts'
import { mapBytes, readMap } from './map-bytes.ts'
import type { NodeMap } from './node-map.ts'

/** The map of this machine: durable before anybody sees it, and never of a lower version again. */
export class MapStore {
  readonly #disk: SmallDisk
  readonly #path: string
  readonly #listeners = new Set<(map: NodeMap) => void>()
  #map: NodeMap
  #last: Promise<unknown> = Promise.resolve()

  /** Opens the map on disk; `alone` is the map when there is none of its cloud that can be read. */
  constructor(disk: SmallDisk, dataFolder: string, alone: NodeMap) {
    this.#disk = disk
    this.#path = mapFileOf(dataFolder)
    this.#map = this.#kept(alone)
  }

  /** The map of the moment. */
  get map(): NodeMap {
    return this.#map
  }

  /** Runs `run` after each change, until disposed. */
  onMap(run: (map: NodeMap) => void): Disposable {
    const listener = (map: NodeMap) => run(map)
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** This machine says something else of itself, or is in a cloud now: what is there stays if it is of that cloud. */
  setAlone(alone: NodeMap): void {
    if (this.#map.isShared && this.#map.cloud === alone.cloud) return
    this.#publish(this.#kept(alone))
  }

  /** Takes a map; the same version again changes nothing. Resolves when it is durable. Faults: StaleMap; the disk's errors. */
  take(map: NodeMap): Promise<void> {
    const taken = this.#last.then(() => this.#take(map))
    this.#last = taken.catch(() => undefined)
    return taken
  }

  async #take(map: NodeMap): Promise<void> {
    const { version, cloud, isShared } = this.#map
    if (cloud !== map.cloud) throw clusterFault('StaleMap', 'this is the map of another cloud')
    if (isShared && map.version === version) return
    if (isShared && map.version < version) {
      throw clusterFault('StaleMap', `map ${map.version} is older than map ${version}, which is here`)
    }
    const shared = { ...map, isShared: true }
    try {
      await replaceSmallFile(this.#disk, this.#path, new TextDecoder().decode(mapBytes(shared)))
    } catch (error) {
      this.#revoke(shared.revoked)
      throw error
    }
    this.#publish(shared)
  }

  // Who was removed is cut off by a machine with a full disk too: nothing else of a map that is not durable is used.
  #revoke(revoked: readonly string[]): void {
    const known = new Set(this.#map.revoked)
    if (revoked.some(serial => !known.has(serial))) this.#publish({ ...this.#map, revoked })
  }

  #publish(map: NodeMap): void {
    this.#map = map
    for (const run of this.#listeners) run(map)
  }

  #kept(alone: NodeMap): NodeMap {
    const kept = readSmallFile(this.#disk, this.#path)
    if (kept === undefined) return alone
    const map = mapIn(kept)
    return map?.cloud === alone.cloud ? map : alone
  }
}

// Controllers have it again.
function mapIn(text: string): NodeMap | undefined {
  try {
    return readMap(new TextEncoder().encode(text))
  } catch (error) {
    if (!isFault(error, 'BadMap')) throw error
    return undefined
  }
}

/** Keeps a map that came with a certificate, before anything runs that has a {@link MapStore}. */
export async function keepMap(disk: SmallDisk, dataFolder: string, map: NodeMap): Promise<void> {
  const text = new TextDecoder().decode(mapBytes({ ...map, isShared: true }))
  await replaceSmallFile(disk, mapFileOf(dataFolder), text)
}

function mapFileOf(dataFolder: string): string {
  return `${nodeFolderOf(dataFolder)}/map.json`
}
