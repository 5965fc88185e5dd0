import fs from 'node:fs'
import { type ByteString, byteString, byteStringOfText, bytesOf } from '#base'
import { guarded } from './files.ts'
import { cairnMounts } from './machine.ts'

/** What of this machine is Cairn itself: putting it would put Cairn into Cairn, without an end. */
export type OwnPlace = 'a mount of Cairn' | 'the data folder of Cairn'

/** Mounts of Cairn, all on this machine unless said otherwise, and one data folder, by their real paths. */
export class OwnPlaces {
  readonly #places: ReadonlyMap<ByteString, OwnPlace>

  constructor(mounts: readonly ByteString[], dataFolder: ByteString) {
    const known = mounts.map(mount => [mount, 'a mount of Cairn'] as const)
    this.#places = new Map([[dataFolder, 'the data folder of Cairn'], ...known])
  }

  /** Looks at this machine, without touching the mounts. */
  static async find(dataFolder: string, mounts = cairnMounts()): Promise<OwnPlaces> {
    const folder = byteStringOfText(dataFolder)
    return new OwnPlaces(mounts, await realPath(folder).catch(() => folder))
  }

  /** What of Cairn begins at a real path. */
  at(real: ByteString): OwnPlace | undefined {
    return this.#places.get(real)
  }

  /** What of Cairn a real path is in, itself too. */
  around(real: ByteString): OwnPlace | undefined {
    for (let at = real; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
      const own = this.at(at)
      if (own !== undefined) return own
    }
    return this.at('/')
  }
}

/** The path by which a local file itself is reached without a symlink on the way; one that is a symlink stays one. */
export function realPlace(path: ByteString): Promise<ByteString> {
  return guarded(path, async () => {
    const slash = path.lastIndexOf('/')
    const folder = await realPath(path.slice(0, slash) || '/')
    return `${folder === '/' ? '' : folder}${path.slice(slash)}`
  })
}

async function realPath(path: ByteString): Promise<ByteString> {
  return byteString(await fs.promises.realpath(bytesOf(path), { encoding: 'buffer' }))
}
