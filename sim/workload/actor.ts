import type { World } from '#base'
import { contentOperations } from './contents.ts'
import { listInPieces } from './listing.ts'
import { maintenanceOperations } from './maintenance.ts'
import { nameOperations } from './names.ts'
import { never, type Setting } from './setting.ts'
import { snapshotOperations } from './snapshots.ts'

const OPERATIONS = {
  ...nameOperations,
  ...prefixed('content', contentOperations),
  ...prefixed('snapshot', snapshotOperations),
  ...prefixed('store', maintenanceOperations),
}
const WEIGHTS = Object.fromEntries(Object.entries(OPERATIONS).map(([name, { weight }]) => [name, weight]))

/** One program that uses the filesystem: operation after operation, at times idle for so long that files are sealed. */
export async function act(setting: Setting, world: World, left: { operations: number }): Promise<void> {
  const { random, life } = setting
  const signal = new AbortController().signal
  while (left.operations > 0) {
    left.operations -= 1
    await world.clock.sleep(thinkMs(setting), signal)
    if (life.ended) return never()
    await setting.floor.enter()
    if (random.chance(LISTINGS)) await listInPieces(setting, world.clock)
    else await OPERATIONS[random.weighted(WEIGHTS)]?.run(setting)
    if (life.ended) return never()
    setting.floor.leave()
  }
}

const LISTINGS = 0.02

function thinkMs({ random }: Setting): number {
  if (random.chance(0.02)) return random.between(1000, 9000)
  return random.chance(0.3) ? 0 : random.fraction() * 60
}

function prefixed<Value>(prefix: string, table: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(table).map(([name, value]) => [`${prefix} ${name}`, value]))
}
