import type { World } from '#base'
import { machineOf, type NodeMap } from '#cluster'
import type { Cluster, Member } from '#controllers'
import { type Authority, authorityFingerprint } from '#identity'
import type { Keyspace } from '#keyspace'
import type { Issuing, LedgerEntry } from '../issuing.ts'
import type { Revocations } from '../revocations.ts'
import type { DoorCall } from '../storage-door.ts'
import { setHome } from './homes.ts'
import { StorageSide } from './storage-side.ts'
import { StoredMap } from './stored-map.ts'

/** What the machines of the cloud are looked after with. */
export interface ClusterParts {
  readonly keyspace: Keyspace
  readonly world: World
  readonly authority: Authority
  readonly issuing: Issuing
  readonly revocations: Pick<Revocations, 'has' | 'revoke'>
  /** The storage process of this machine, and what the machine is called. */
  readonly call: DoorCall
  readonly own: string
}

/** The machines of the cloud as controllers use them. */
export interface OpenCluster extends Cluster, AsyncDisposable {
  readonly stored: StoredMap
  /** `run` is called with who leaves for good, and its hosts, before anything of it is forgotten. */
  onLeave(run: Leaving): void
}

/** Takes a machine out of something else that it is in. */
export type Leaving = (name: string, hosts: ReadonlySet<string>, signal: AbortSignal) => Promise<void>

/** Opens them: hands the kept map to storage from now on, and hears what that hears. Faults: BadMap, those of the keyspace. */
export async function openCluster(parts: ClusterParts, signal: AbortSignal): Promise<OpenCluster> {
  const { keyspace, world, authority, call, own } = parts
  await using opening = new AsyncDisposableStack()
  const stored = opening.use(await StoredMap.open(keyspace, world, signal))
  const side = opening.use(new StorageSide({ call, stored, world }))
  const ended = new Set<string>()
  let leaving: Leaving = () => Promise.resolve()
  const all = opening.move()
  return {
    own,
    cloud: authorityFingerprint(authority.certificatePem),
    stored,
    heard: side.heard,
    get map() {
      return stored.current
    },
    get versionThere() {
      return side.versionThere
    },
    onHeard: run => side.onHeard(run),
    silentMs: name => (name === own ? 0 : side.silentMs(name)),
    leads: sentMs => side.leads(sentMs),
    async certificates(given) {
      const entries = await machineEntries(parts.issuing, given)
      const isRevoked = ({ serial }: LedgerEntry) => ended.has(serial) || parts.revocations.has(serial)
      return {
        members: membersOf(entries.filter(entry => !isRevoked(entry))),
        revoked: entries.filter(isRevoked).map(({ serial }) => serial),
      }
    },
    onLeave(run) {
      leaving = run
    },
    async revoke(machine, given) {
      await leaving(machine, hostsOf(stored.current, machine), given)
      for (const entry of await machineEntries(parts.issuing, given)) {
        if (machineOf(subjectIn(entry))?.name !== machine || parts.revocations.has(entry.serial)) continue
        await parts.revocations.revoke(entry.serial, `the machine ${machine} was removed`, given)
        ended.add(entry.serial) // known here at once, not when the keyspace tells
      }
    },
    keptMap: given => stored.read(given),
    setHome: (change, given) => setHome(stored, change, given),
    keepMap: (map, revision, given) => stored.write(map, revision, given),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

function hostsOf(map: NodeMap | undefined, name: string): ReadonlySet<string> {
  const addresses = map?.machines.find(machine => machine.name === name)?.addresses ?? []
  return new Set(addresses.map(address => address.slice(0, address.lastIndexOf(':'))))
}

async function machineEntries(issuing: Issuing, signal: AbortSignal): Promise<readonly LedgerEntry[]> {
  return (await issuing.list(signal)).filter(entry => machineOf(subjectIn(entry)) !== undefined)
}

function membersOf(entries: readonly LedgerEntry[]): readonly Member[] {
  const members = new Map<string, Member>()
  // The newest certificate says what a machine is.
  for (const entry of entries) {
    const found = machineOf(subjectIn(entry))
    if (found !== undefined) members.set(found.name, found)
  }
  return [...members.values()]
}

function subjectIn({ user, groups }: LedgerEntry) {
  return { name: user, groups }
}
