import { rpcFault } from './faults.ts'
import { BOOT_CHARACTERS_MAX, FRAME_BYTES_MAX, METHOD_CHARACTERS_MAX, WINDOW_BYTES } from './limits.ts'
import { integer, optional, type ShapeOf, shape, text } from './shape.ts'

/** The protocol spoken. A new one is needed only when frames change; methods carry their own versions. */
export const PROTOCOL = 1

const levelShape = integer(1, 65_535)

/** What a machine says to another before anything else. */
const machineHelloShape = shape({
  /** The newest formats it understands, and the oldest that it speaks now. */
  level: levelShape,
  oldestLevel: levelShape,
  /** New with each start: two machines that show one name have two of it. */
  boot: text(BOOT_CHARACTERS_MAX),
})

export type MachineHello = ShapeOf<typeof machineHelloShape>

/** What each side says first. */
export const checkHello = shape({
  /** The newest protocol this side speaks, and the oldest. */
  protocol: integer(1, 65_535),
  oldest: integer(1, 65_535),
  /** Name and version of the program, for people. */
  software: text(METHOD_CHARACTERS_MAX),
  /** What the other side may send on one call before this side has taken it; half of it holds a whole frame. */
  windowBytes: integer(2 * (FRAME_BYTES_MAX + 12), 1024 * 1024 * 1024),
  /** Undefined: not a machine among machines, but a program at a local door, or a stranger. */
  machine: optional(machineHelloShape),
})

export type Hello = ShapeOf<typeof checkHello>

/** What this side says first. */
export function ownHello(software: string, machine?: MachineHello): Hello {
  const said = { protocol: PROTOCOL, oldest: PROTOCOL, software, windowBytes: WINDOW_BYTES }
  return machine === undefined ? said : { ...said, machine }
}

/** Faults: Unsupported when the two sides have no protocol, or no formats, in common; it names both, and who is to be updated. */
export function agree(own: Hello, theirs: Hello): void {
  agreeOn('protocol', rangeOf(own, own.oldest, own.protocol), rangeOf(theirs, theirs.oldest, theirs.protocol))
  if (own.machine === undefined || theirs.machine === undefined) return
  const [here, there] = [own.machine, theirs.machine]
  agreeOn('formats', rangeOf(own, here.oldestLevel, here.level), rangeOf(theirs, there.oldestLevel, there.level))
}

interface Range {
  readonly software: string
  readonly oldest: number
  readonly newest: number
}

function rangeOf({ software }: Hello, oldest: number, newest: number): Range {
  return { software, oldest, newest }
}

// The words are the same at both ends.
function agreeOn(what: 'protocol' | 'formats', one: Range, other: Range): void {
  if (one.oldest <= other.newest && other.oldest <= one.newest) return
  const [older, newer] = one.newest < other.newest ? [one, other] : [other, one]
  const [low, high] = [wordsOf(older), wordsOf(newer)]
  throw rpcFault('Unsupported', `no ${what} in common: ${older.software} speaks ${low}, ${newer.software} ${high}`, {
    hint: `Update the Cairn that speaks ${what} ${low}: both sides are to run the same version.`,
  })
}

function wordsOf({ oldest, newest }: Range): string {
  return oldest === newest ? `${newest}` : `${oldest} to ${newest}`
}
