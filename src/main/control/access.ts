import { LastingRequests, type ObjectStore } from '#api'
import type { World } from '#base'
import {
  type Attempt,
  type Authenticator,
  type Caller,
  certificateAuthenticator,
  firstToKnow,
  isAllowed,
  knownPeople,
  type People,
  whyRefused,
} from '#identity'
import type { Keyspace } from '#keyspace'
import { authentication } from './authentication.ts'
import { isOwnRecord } from './credentials.ts'
import { FollowedDevices } from './followed-devices.ts'
import { FollowedUsers } from './followed-users.ts'
import type { Issuing } from './issuing.ts'
import { FollowedNodes } from './nodes/followed-nodes.ts'
import { FollowedPolicy } from './policy.ts'
import { Revocations } from './revocations.ts'

/** What is asked about each request, from memory. */
export interface Access extends AsyncDisposable {
  readonly policy: FollowedPolicy
  readonly revocations: Revocations
  readonly users: FollowedUsers
  /** Watches that are open: they end when a change of any of these would refuse them. */
  readonly lasting: LastingRequests
  readonly authenticate: (request: Request, connection: unknown) => Promise<Caller>
  readonly authorize: (caller: Caller, attempt: Attempt) => Promise<boolean>
}

/** What access is opened with. */
export interface AccessParts {
  readonly keyspace: Keyspace
  readonly store: ObjectStore
  readonly world: World
  readonly issuing: Issuing
  /** Who shows a token. */
  readonly knows: Authenticator
}

/** Follows everything that says who somebody is and what he may do. */
export async function openAccess({ keyspace, store, world, issuing, knows }: AccessParts): Promise<Access> {
  await using opening = new AsyncDisposableStack()
  const policy = opening.use(await FollowedPolicy.open(store, world))
  const revocations = opening.use(await Revocations.open(keyspace, world))
  const users = opening.use(await FollowedUsers.open(store, world))
  const nodes = opening.use(new FollowedNodes(store, world))
  const devices = opening.use(await FollowedDevices.open(store, world))
  const people: People = {
    user: name => users.find(name),
    hasDevice: hash => devices.has(hash),
    deviceSeen: hash => devices.seen(hash),
  }
  const mayHe = (caller: Caller, attempt: Attempt): boolean =>
    isAllowed(policy.index, caller, attempt) || isOwnRecord(caller, attempt)
  const certificates = certificateAuthenticator(world.clock, serial => revocations.has(serial))
  const access = {
    // Who somebody is, by whatever he shows: another kind of credential is another row here.
    authenticate: authentication(knownPeople(firstToKnow([certificates, knows]), people), {
      mayHe,
      whyRefused: name => whyRefused(name, people),
    }),
    authorize: async (caller: Caller, attempt: Attempt) => mayHe(caller, attempt) || nodes.mayHe(caller, attempt),
  }
  const lasting = opening.use(new LastingRequests({ clock: world.clock, ...access }))
  policy.onChange(() => lasting.changed('rules'))
  users.onChange(() => lasting.changed('callers'))
  revocations.onRevoked(() => lasting.changed('callers'))
  devices.onGone(user => {
    issuing.endAll(user, revocations)
    lasting.changed('callers')
  })
  const all = opening.move()
  return { policy, revocations, users, lasting, ...access, [Symbol.asyncDispose]: () => all.disposeAsync() }
}
