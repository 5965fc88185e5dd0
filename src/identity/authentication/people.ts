import { type Caller, MASTERS } from '../caller.ts'
import type { Authenticator } from './chain.ts'

/** What is known of people and devices beside their credentials. */
export interface People {
  /** Undefined for who has no record: he is whoever his credential says. */
  user(name: string): { readonly isDisabled: boolean; readonly groups: readonly string[] } | undefined
  /** Whether there is a record of a device, by what follows `device:` in its name. */
  hasDevice(hash: string): boolean
  /** A device has shown who it is. */
  deviceSeen(hash: string): void
}

/** The users that devices are begin with this. */
export const DEVICE_USER = 'device:'

/**
 * Whom an authenticator knows, unless it is a user who is disabled, or a device without a record; a user is in the groups of his
 * record too. Groups of the system are never given by a record. Who may do everything is not disabled by one: who may write
 * records could shut out all who are above him. His certificate is revoked instead.
 */
export function knownPeople(knows: Authenticator, people: People): Authenticator {
  return async (shown, signal) => {
    const caller = await knows(shown, signal)
    return caller === undefined ? undefined : asRecorded(caller, people)
  }
}

/** Why somebody is let in nowhere, whatever is shown for him; undefined when he is. */
export function whyRefused(name: string, people: Omit<People, 'deviceSeen'>): string | undefined {
  if (!name.startsWith(DEVICE_USER)) return people.user(name)?.isDisabled === true ? 'is disabled' : undefined
  return people.hasDevice(name.slice(DEVICE_USER.length)) ? undefined : 'is a device without a record'
}

/** True when a record may let somebody out, by the groups of his credential. */
export function isRecordHeard(groups: readonly string[]): boolean {
  return !groups.includes(MASTERS)
}

function asRecorded(caller: Caller, people: People): Caller | undefined {
  if (isRecordHeard(caller.groups) && whyRefused(caller.name, people) !== undefined) return undefined
  if (caller.name.startsWith(DEVICE_USER)) {
    people.deviceSeen(caller.name.slice(DEVICE_USER.length))
    return caller
  }
  const user = people.user(caller.name)
  if (user === undefined) return caller
  const more = user.groups.filter(group => !group.startsWith('system:') && !caller.groups.includes(group))
  return more.length === 0 ? caller : { ...caller, groups: [...caller.groups, ...more], recordGroups: more }
}
