import { assert, type World, whyOf } from '#base'
import { type Client, Informers } from '#client'
import { accountsController } from './accounts/reconcile.ts'
import { definitionController } from './custom-resource-definition/reconcile.ts'
import { lead, type Term } from './election/lead.ts'
import { EventRecorder } from './events/recorder.ts'
import { expiryController } from './expiry/reconcile.ts'
import { filesystemController } from './filesystem/reconcile.ts'
import type { Storage } from './filesystem/storage.ts'
import { garbageController } from './garbage/reconcile.ts'
import { homesController } from './homes/reconcile.ts'
import { LEASE_STEP_MS } from './limits.ts'
import type { Controller, ControllerCounts } from './loop/controller.ts'
import type { ControllerParts } from './loop/parts.ts'
import type { Cluster } from './machines/cluster.ts'
import { machinesController } from './machines/reconcile.ts'
import { namespaceController } from './namespace/reconcile.ts'
import { poolController } from './pool/reconcile.ts'
import { signingController } from './signing/reconcile.ts'
import type { Signer } from './signing/plan.ts'

/** What all controllers need. */
export interface ControllersOptions {
  /** The API, as somebody who may do everything. */
  readonly client: Client
  readonly world: Pick<World, 'clock' | 'entropy' | 'log'>
  readonly signer: Signer
  /** The certificate of the authority, which each namespace is given. */
  readonly rootPem: string
  /** The storage of this machine; undefined where there is none. */
  readonly storage: Storage | undefined
  /** The machines of the cloud; undefined where there is no storage. */
  readonly cluster?: Cluster | undefined
  /** Who this process is among those that share a keyspace; undefined when it is the only one, and needs no lease. */
  readonly identity: string | undefined
}

/** Controllers that run, or wait until this process leads. */
export interface Controllers extends AsyncDisposable {
  readonly isLeading: boolean
  counts(): readonly ControllerCounts[]
}

/** Runs all controllers until disposed; in one process at a time among those that name an identity. */
export function startControllers(options: ControllersOptions): Controllers {
  const { client, world, identity } = options
  const end = new AbortController()
  let running: readonly Controller[] = []
  const work = async (signal: AbortSignal, term: Term): Promise<void> => {
    await using open = openControllers(options, term)
    running = open.controllers
    await aborted(signal)
    running = []
  }
  const lease = { namespace: 'kube-system', name: 'cairn-controllers' }
  const held = (sentMs: number) => options.cluster?.leads(sentMs)
  const candidacy = { client, world, lease, identity: identity ?? '', held }
  const alone = () => {
    return Promise.all([work(end.signal, { othersMs: world.clock.monotonicMs() }), leadAlone(options, end.signal)])
  }
  const run = identity === undefined ? alone() : lead(candidacy, work, end.signal)
  const ended = run.catch((error: unknown) => world.log.warn('the controllers broke', { error: whyOf(error) }))
  return {
    get isLeading() {
      return running.length > 0
    },
    counts: () => running.map(each => each.counts),
    async [Symbol.asyncDispose]() {
      end.abort()
      await ended
    },
  }
}

function openControllers(
  options: ControllersOptions,
  term: Term,
): AsyncDisposable & { readonly controllers: readonly Controller[] } {
  const { client, world, signer, rootPem, storage, cluster } = options
  const stack = new AsyncDisposableStack()
  const informers = stack.use(new Informers({ client, world }))
  const events = stack.use(new EventRecorder({ client, world, component: 'cairn-controllers' }))
  const parts: ControllerParts = { client, world, informers, events }
  const controllers = [
    definitionController(parts),
    namespaceController(parts),
    garbageController(parts),
    accountsController(parts, rootPem),
    signingController(parts, signer),
    expiryController(parts),
    ...(storage === undefined ? [] : [filesystemController(parts, storage, name => homeIn(cluster, name))]),
    ...(cluster === undefined
      ? []
      : [machinesController(parts, cluster), homesController(parts, cluster, term), poolController(parts, storage)]),
  ]
  const names = new Set(controllers.map(each => each.name))
  assert(names.size === controllers.length, 'each controller has a name of its own')
  for (const controller of controllers) stack.use(controller)
  return { controllers: [...controllers, events.controller], [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

// Nobody else could: it is confirmed as often as by a lease.
async function leadAlone({ cluster, world }: ControllersOptions, signal: AbortSignal): Promise<void> {
  while (cluster !== undefined && !signal.aborted) {
    cluster.leads(world.clock.monotonicMs())
    await world.clock.sleep(LEASE_STEP_MS, signal).catch(() => undefined)
  }
}

function homeIn(cluster: Cluster | undefined, name: string): string | undefined {
  return cluster?.map?.filesystems.find(each => each.name === name)?.home
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
