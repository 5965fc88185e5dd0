import { machineWorld } from '#host'
import { inlineWorkers, memoryIndex, openChunkStore } from '#storage/chunks'
import { type DiskPart, Disks, emptyDisk } from '../index.ts'

// Empties one disk into the other and back until it is killed; prints a line whenever it rests.

const folder = process.argv[2] ?? ''
const workers = inlineWorkers(machineWorld.disk)
const [first, second] = [await part('a'), await part('b')]
const disks = new Disks({ workers, log: machineWorld.log, first, trouble: () => process.exit(2) })
disks.add(second)
const clock = {
  ...machineWorld.clock,
  sleep: (ms: number, signal: AbortSignal) => {
    process.stdout.write('.\n')
    return machineWorld.clock.sleep(ms, signal)
  },
}
for (;;) {
  for (const { id } of [second, first]) {
    disks.drain(id, true)
    await emptyDisk({ disks, clock, slowness: () => 1 }, id, new AbortController().signal)
    disks.drain(id, false)
  }
}

async function part(name: string): Promise<DiskPart> {
  const own = { world: machineWorld, workers, index: memoryIndex(), ballastBytes: 0 }
  return {
    id: name.padEnd(32, '0'),
    store: await openChunkStore({ ...own, folder: `${folder}/${name}` }),
    weight: 1000,
  }
}
