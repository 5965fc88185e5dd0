import { changedMap, type MachineState, MapAnswers, mapBytes, type NodeMap, readChange, readMap } from '#cluster'
import { nextMap } from '#controllers'
import { factsOf, mapOf, nameOf } from './clouds.ts'
import { heapOf, meanMs, mib, type Row } from './measured.ts'

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
    row('one change, received by each machine', ({ changeBytes }) => `${changeBytes} B`),
    row('one change, sent by the controllers together', ({ changeBytes, machines }) => mib(changeBytes * machines)),
    row('noting it and making the answer, once for all who ask', ({ answerMs }) => `${answerMs.toFixed(1)} ms`),
    row('making the map of it, and checking that', ({ followMs }) => `${followMs.toFixed(1)} ms`),
    row('received by who was away for an hour', ({ hourBytes }) => `${(hourBytes / 1000).toFixed(1)} kB`),
    row('changes in an hour, each machine restarted once a day', ({ perHour }) => perHour.toFixed(1)),
    row('received by each machine in an hour of these', ({ changeBytes, perHour }) => {
      return `${((changeBytes * perHour) / 1000).toFixed(1)} kB`
    }),
    row('the same as a rate', ({ changeBytes, perHour }) => `${((changeBytes * perHour) / 3600).toFixed(1)} B/s`),
    row('the rate if it were all of the map each time', ({ bytes, perHour }) => {
      return `${((bytes * perHour) / 3600).toFixed(0)} B/s`
    }),
    row('sent by the controllers together, as a rate', ({ changeBytes, perHour, machines }) => {
      return `${((changeBytes * perHour * machines) / 3600 / 1000).toFixed(1)} kB/s`
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
  const next = nextMap(map, { ...facts, heard })
  const { body } = answerFor([map, next])
  return {
    machines,
    bytes: written.byteLength,
    sameMs: meanMs(() => nextMap(map, facts)),
    changedMs: meanMs(() => nextMap(map, { ...facts, heard })),
    writeMs: meanMs(() => mapBytes(map)),
    readMs: meanMs(() => readMap(written)),
    changeBytes: body.byteLength,
    answerMs: meanMs(() => answerFor([map, next])),
    followMs: meanMs(() => changedMap(map, readChange(body))),
    hourBytes: answerFor([map, ...hourOf(map)]).body.byteLength,
    heapBytes: heapOf<NodeMap>(() => readMap(written)),
    perHour: machines * CHANGES_PER_MACHINE_AND_HOUR,
  }
}

// What who has the first of these maps is answered.
function answerFor([first, ...later]: readonly [NodeMap, ...NodeMap[]]) {
  const answers = new MapAnswers(first)
  for (const map of later) answers.note(map)
  return answers.of(first.version)
}

// Some machines go and come back.
function* hourOf(first: NodeMap): Generator<NodeMap> {
  const restarts = Math.ceil((first.machines.length * CHANGES_PER_MACHINE_AND_HOUR) / 2)
  let map = first
  for (let n = 0; n < 2 * restarts; n++) {
    const state: MachineState = n % 2 === 0 ? 'Offline' : 'Online'
    const machines = map.machines.map((row, at) => (at === n >> 1 ? { ...row, state } : row))
    map = { ...map, version: map.version + 1, machines }
    yield map
  }
}
