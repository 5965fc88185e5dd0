import type { NodeMap } from '#cluster'
import { SKEW_STOP_MS } from '#cluster'
import type { NodeRole } from '#identity'
import { mainFault } from '../../faults.ts'
import { CONTROLLERS_MAX } from '../../limits.ts'
import { refuseNodeName } from '../../node-name.ts'

/** A machine that wants to be let in, as it says of itself. */
export interface Newcomer {
  readonly name: string
  readonly role: NodeRole
  /** The newest and the oldest formats it understands. */
  readonly level: number
  readonly oldestLevel: number
  readonly wallMs: number
  /** The id of the master key that is on its disk. */
  readonly masterId?: string | undefined
}

/** The cloud it comes to. */
export interface Cloud {
  readonly map: NodeMap
  readonly nowMs: number
  /** True unless the control plane is in an etcd that people run. */
  readonly takesControllers: boolean
  /** The id of the cloud's master key. */
  readonly masterId: string
}

/** Refuses a machine that cannot be a member, whatever it shows. Faults: Unsupported, ClockSkew, Invalid. */
export function refuseNewcomer(newcomer: Newcomer, cloud: Cloud): void {
  const { name, role, level, oldestLevel, wallMs } = newcomer
  const { map, nowMs } = cloud
  if (role === 'controller') refuseController(newcomer, cloud)
  const aheadMs = wallMs - nowMs
  if (Math.abs(aheadMs) > SKEW_STOP_MS) {
    const seconds = Math.round(Math.abs(aheadMs) / 1000)
    const how = aheadMs > 0 ? 'ahead of' : 'behind'
    throw mainFault('ClockSkew', `the clock of ${name} is ${seconds} s ${how} that of the cloud`, {
      hint: 'Set the clock, such as with `timedatectl set-ntp true`, then use the same token again.',
    })
  }
  if (level < map.level || oldestLevel > map.level) {
    const where = level < map.level ? 'on the machine that joins' : 'on the machines of the cloud first'
    throw mainFault('Unsupported', `Unsupported: formats of level ${map.level}, which the cloud speaks`, {
      hint: `${name} speaks ${oldestLevel} to ${level}. Update Cairn ${where}.`,
    })
  }
  refuseNodeName(name)
}

function refuseController({ name, masterId }: Newcomer, { map, takesControllers, masterId: ours }: Cloud): void {
  if (!takesControllers) throw noControllerToken()
  const others = map.machines.filter(each => each.role === 'controller' && each.name !== name)
  if (others.length >= CONTROLLERS_MAX) {
    throw mainFault('Invalid', `the cloud has ${CONTROLLERS_MAX} controllers, as many as it may have`, {
      hint: 'Join as a node: cairn token create --role node. More controllers would make it slower, not safer.',
    })
  }
  if (masterId === undefined || masterId === ours) return
  throw mainFault('MasterKey', `${name} has another master key (${masterId}; that of the cloud is ${ours})`, {
    hint: 'Move that file away, or name another with CAIRN_MASTER_KEY, then use the same token again.',
  })
}

/** Says how a controller comes to a cloud whose control plane is in etcd. */
export function noControllerToken(): Error {
  return mainFault('Unsupported', 'Unsupported: a token for a controller', {
    hint: 'It needs none: bring the master key to it (cairn key restore), then cairn up --keyspace etcd=https://HOST:PORT',
  })
}

/** A token that lets no machine in; `grant` is what it is good for otherwise. */
export function refusedToken(grant: object | undefined, cause?: unknown): Error {
  const why = grant === undefined ? 'the token does not hold: it was used, has expired or was revoked' : OF_PEOPLE
  const hint = 'Make another on a controller of the cloud: cairn token create --role node'
  return mainFault('TokenRefused', why, { hint, cause })
}

const OF_PEOPLE = 'the token is for people, not for machines'

/** A token for another machine. */
export function refusedName(name: string, wanted: string): Error {
  return mainFault('TokenRefused', `the token is for the machine ${wanted}, this one is called ${name}`, {
    hint: `Join as that one: --name ${wanted}; or make another token: cairn token create --role node`,
  })
}

/** A name that another machine has; `own`: the one that is asked, which nobody takes the name of. */
export function takenName(name: string, own: string): Error {
  const message = `there is a machine called ${name} in the cloud already`
  if (name === own) return mainFault('Occupied', message, { hint: 'It is the controller: choose another with --name.' })
  return mainFault('Occupied', message, {
    hint: `Choose another with --name. Is that one gone for good: cairn node remove ${name}. Is this it, without its data: cairn token create --role node --node ${name}`,
  })
}

/** A machine that is in the cloud no more. */
export function removedMachine(name: string): Error {
  return mainFault('Removed', `the machine ${name} was removed from the cloud`, {
    hint: 'To take it in again: cairn token create --role node, then cairn join there with a new data folder.',
  })
}
