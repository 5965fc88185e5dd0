import type { World } from '#base'
import { readSmallFile, replaceSmallFile } from '#cluster'
import { exactly, idPairsShape, list, shape, text } from '#rpc'
import type { IdPairs } from '#storage/fuse'
import { mainFault } from '../faults.ts'

const fileShape = shape({
  version: exactly(1),
  filesystems: list(shape({ name: text(63), ids: idPairsShape }), 64),
})

type Row = ReturnType<typeof fileShape>['filesystems'][number]

/** Who users and groups of this machine are in its filesystems: `DATA/node/ids.json`. */
export class IdsFile {
  readonly #disk: World['disk']
  readonly #path: string
  #rows: readonly Row[]

  /** Faults: Damaged. */
  constructor(disk: World['disk'], dataFolder: string) {
    this.#disk = disk
    this.#path = `${dataFolder}/node/ids.json`
    this.#rows = this.#read()
  }

  of(filesystem: string): IdPairs {
    return this.#rows.find(({ name }) => name === filesystem)?.ids ?? { users: [], groups: [] }
  }

  /** Durable when it resolves. */
  async keep(filesystem: string, ids: IdPairs): Promise<void> {
    const others = this.#rows.filter(({ name }) => name !== filesystem)
    const isNone = ids.users.length + ids.groups.length === 0
    const rows = isNone
      ? others
      : [...others, { name: filesystem, ids: { users: [...ids.users], groups: [...ids.groups] } }]
    await replaceSmallFile(this.#disk, this.#path, `${JSON.stringify({ version: 1, filesystems: rows })}\n`)
    this.#rows = rows
  }

  // Without it everybody would be who has the same number elsewhere: that is for people to decide.
  #read(): readonly Row[] {
    const kept = readSmallFile(this.#disk, this.#path)
    if (kept === undefined) return []
    try {
      return fileShape(JSON.parse(kept), '').filesystems
    } catch (error) {
      throw mainFault('Damaged', `${this.#path} cannot be read`, {
        hint: 'Remove it, and say again who is who with `cairn fs ids`.',
        cause: error,
      })
    }
  }
}
