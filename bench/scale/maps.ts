import { mapBytes, type NodeMap, readMap } from '#cluster'
import { nextMap } from '#controllers'
import { factsOf, mapOf, nameOf } from './clouds.ts'
import { heapOf, medianMs, mib, type Row } from './measured.ts'

/** State changes of one machine in an hour: it is restarted once a day, and is Suspect or Offline meanwhile. */
export const CHANGES_PER_MACHINE_AND_HOUR = 2 / 24

/** What the map costs where it is made and where it goes, for clouds of several sizes. */
export function mapRows(sizes: readonly number[]): readonly Row[] {
  const all = sizes.map(measureMap)
  const row = (name: string, of: (each: ReturnType<typeof measureMap>) => string): Row => [name, ...all.map(of)]
  return [
    ['', ...sizes.map(size => `${size} machines`)],
    row('size of the map, as it lies on disk and travels', ({ bytes }) => `${(bytes / 1000).toFixed(1)} kB`),
    row('computing it when nothing has changed', ({ sameMs }) => `${sameMs.toFixed(1)} ms`),
    row('computing it when one machine has changed', ({ changedMs }) => `${changedMs.toFixed(1)} ms`),
    row('writing it for the wire or the disk', ({ writeMs }) => `${writeMs.toFixed(1)} ms`),
    row('reading and checking it', ({ readMs }) => `${readMs.toFixed(1)} ms`),
    row('memory of it in each machine', ({ heapBytes }) => mib(heapBytes)),
    row('one change, received by each machine', ({ bytes }) => `${(bytes / 1000).toFixed(1)} kB`),
    row('one change, sent by the controllers together', ({ bytes, machines }) => mib(bytes * machines)),
    row('changes in an hour, each machine restarted once a day', ({ perHour }) => perHour.toFixed(1)),
    row('received by each machine in an hour of these', ({ bytes, perHour }) => mib(bytes * perHour)),
    row('the same as a rate', ({ bytes, perHour }) => `${((bytes * perHour) / 3600).toFixed(0)} B/s`),
    row('sent by the controllers together, as a rate', ({ bytes, perHour, machines }) => {
      return `${((bytes * perHour * machines) / 3600 / 1000).toFixed(1)} kB/s`
    }),
  ]
}

function measureMap(machines: number) {
  const facts = factsOf(machines)
  const map = mapOf(facts)
  const heard = new Map(facts.heard)
  const name = nameOf(machines - 1)
  const last = heard.get(name)
  if (last !== undefined) heard.set(name, { ...last, state: 'Offline' })
  const written = mapBytes(map)
  return {
    machines,
    bytes: written.byteLength,
    sameMs: medianMs(() => nextMap(map, facts)),
    changedMs: medianMs(() => nextMap(map, { ...facts, heard })),
    writeMs: medianMs(() => mapBytes(map)),
    readMs: medianMs(() => readMap(written)),
    heapBytes: heapOf<NodeMap>(() => readMap(written)),
    perHour: machines * CHANGES_PER_MACHINE_AND_HOUR,
  }
}
