import type { Ending } from '../life.ts'
import type { SimNetwork } from '../pool/network.ts'
import type { Random } from '../random.ts'
import type { CloudMachine } from './machine.ts'

/** What can go wrong in a cloud. */
export type TroubleKind = keyof typeof TROUBLES

const TROUBLES = {
  restart: 5,
  outage: 2,
  cut: 4,
  split: 2,
  promote: 2,
  lose: 1,
  break: 5,
  slow: 2,
  heal: 3,
  wipe: 1,
  die: 1,
  rot: 2,
  skew: 1,
  join: 1,
  drain: 1,
}

/** What trouble is done with. */
export interface Troubled {
  readonly random: Random
  readonly network: SimNetwork
  readonly machines: readonly CloudMachine[]
  /** The machine that is the home, or was last. */
  readonly home: string
  /** True when a machine may lose its disk: what it holds is elsewhere, too. */
  isSpare(machine: CloudMachine): boolean
  note(line: string): void
  /** Resolves with the machine on which a program next asks for something. */
  asked(): Promise<string>
  pause(ms: number): Promise<void>
  /** Ends a machine's process, and starts it again a little later. */
  restart(machine: CloudMachine, how: Ending, msMax: number): Promise<void>
  /** Its disk is empty when it comes back. */
  wipe(machine: CloudMachine): Promise<void>
  /** It never comes back; another one takes its place. */
  replace(machine: CloudMachine): Promise<void>
  /** People make a machine the home. */
  promote(machine: CloudMachine): Promise<void>
  /** The home is away for long. People make another the home, if nobody else can. */
  lose(): Promise<void>
  rot(): void
  join(): Promise<void>
  drain(machine: CloudMachine): void
}

/** Does what goes wrong in one round: no more than one disk is lost, as the pool promises to stand no more. */
export async function trouble(cloud: Troubled, weights: Partial<Record<TroubleKind, number>>): Promise<void> {
  const { random } = cloud
  const round = { disks: 1, moves: 1 }
  const rareness = Object.keys(weights).length > 1 ? 1 : 3
  for (let step = 0; step < STEPS * rareness; step++) {
    await cloud.pause((random.fraction() * 12_000) / rareness)
    const kind = random.weighted<TroubleKind>(weights as Record<TroubleKind, number>)
    await once(cloud, kind, round)
  }
}

/** All kinds, and how often they happen against each other. */
export const ALL_TROUBLES: Readonly<Record<TroubleKind, number>> = TROUBLES

async function once(cloud: Troubled, kind: TroubleKind, round: { disks: number; moves: number }): Promise<void> {
  const { random, network, machines } = cloud
  const [one, other] = [random.pick(machines), random.pick(machines)]
  const home = machines.find(({ name }) => name === cloud.home)
  const mayGo = !one.start0.isController && machines.length > MACHINES_MIN
  switch (kind) {
    case 'restart':
      void cloud.restart(one, random.pick(['kill', 'power']), random.pick([500, 15_000]))
      return
    case 'outage':
      await aimed(cloud)
      void cloud.restart(home ?? one, 'power', random.pick([500, 15_000]))
      return
    case 'cut':
      return cut(cloud, one.name, other.name)
    case 'split':
      return split(cloud)
    case 'promote':
      await aimed(cloud)
      void cloud.promote(one)
      return
    case 'lose':
      await aimed(cloud)
      void cloud.lose()
      return
    case 'break':
      return breakOne(cloud, (await aimed(cloud)) ?? one.name)
    case 'slow':
      cloud.note(`slow ${one.name}`)
      return network.slow(one.name, random.pick([20, 300]))
    case 'heal':
      return network.heal()
    case 'skew':
      one.skewMs = random.between(-30_000, 30_000)
      return
    case 'join':
      // While controllers do not reach each other nobody is let in, and only the end of the trouble lets them.
      if (machines.length < MACHINES_MAX) await Promise.race([cloud.join(), cloud.pause(JOIN_MS_MAX)])
      return
    case 'drain':
      if (mayGo && round.moves-- > 0) cloud.drain(one)
      return
    default:
      if (kind === 'rot' && round.disks-- > 0) cloud.rot()
      if (kind === 'wipe' && cloud.isSpare(one) && round.disks-- > 0) void cloud.wipe(one)
      if (kind === 'die' && mayGo && cloud.isSpare(one) && round.disks-- > 0 && round.moves-- > 0) {
        void cloud.replace(one)
      }
  }
}

// In the middle of something: most of what goes wrong does so while something is under way.
async function aimed(cloud: Troubled): Promise<string | undefined> {
  const name = await Promise.race([cloud.asked(), cloud.pause(AIM_MS).then(() => undefined)])
  await cloud.pause(cloud.random.fraction() * cloud.random.pick([10, 300]))
  return name
}

// What was asked may have been done, and the answer is lost.
function breakOne(cloud: Troubled, name: string): void {
  const { network, random, machines } = cloud
  const other = random.chance(0.7) ? cloud.home : random.pick(machines).name
  cloud.note(`break ${name} and ${other}`)
  network.break(name, other)
}

// The home, and perhaps others with it, reach nobody else any more, whatever was before; sometimes they are still heard.
function split(cloud: Troubled): void {
  const { random, network, machines, home } = cloud
  const near = machines.filter(({ name }) => name === home || random.chance(0.3))
  const far = machines.filter(each => !near.includes(each))
  const isBoth = random.chance(0.8)
  network.heal()
  cloud.note(`split ${near.map(({ name }) => name).join()} ${isBoth ? 'and' : 'to'} the others`)
  for (const { name: one } of near) {
    for (const { name: other } of far) {
      network.cut(one, other)
      if (isBoth) network.cut(other, one)
    }
  }
}

function cut(cloud: Troubled, one: string, other: string): void {
  const { random, network } = cloud
  const isBoth = random.chance(0.6)
  cloud.note(`cut ${one} ${isBoth ? 'and' : 'to'} ${other}`)
  network.cut(one, other)
  if (isBoth) network.cut(other, one)
}

const STEPS = 7
const AIM_MS = 3_000
const JOIN_MS_MAX = 30_000
const MACHINES_MIN = 3
const MACHINES_MAX = 5
