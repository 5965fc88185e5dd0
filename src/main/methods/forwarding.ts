import { clusterFault, homeOf, machineOf } from '#cluster'
import { type CallContext, type Client, type Handler, type Message, message } from '#rpc'
import type { Access } from '#storage/fs'
import { mainFault } from '../faults.ts'
import type { Peers } from '../peers/peers.ts'
import { homeMachine } from '../remote-fs/remote-filesystems.ts'
import type { Filesystems } from '../storage/filesystems.ts'

type Method = Handler['method']

/** What orders about filesystems are carried out with. */
export interface OrderParts {
  readonly filesystems: Pick<Filesystems, 'all'>
  readonly peers: Pick<Peers, 'machines'>
}

/** Who may order it from another machine: who may mount, who may write there, or who may do everything. */
type Need = 'read' | 'write' | 'full' | 'controller'

/** Orders about a filesystem that its home carries out, whichever machine they are given to. */
const ORDERS: Readonly<Record<string, (params: unknown) => Need>> = {
  'snapshot.list': () => 'read',
  'snapshot.diff': () => 'read',
  'snapshot.create': () => 'write',
  'snapshot.remove': () => 'full',
  'snapshot.restore': () => 'full',
  'quota.list': () => 'read',
  'quota.set': () => 'full',
  'quota.remove': () => 'full',
  'file.describe': params => (at(params, 'cid') === true ? 'write' : 'read'),
  'filesystem.status': () => 'controller',
  'filesystem.mount': () => 'controller',
  'filesystem.unmount': () => 'controller',
  'filesystem.access': params => (at(params, 'to') === undefined ? 'read' : 'controller'),
}

// What is mounted is so on this machine, unless it is to be where the filesystem lives.
const OF_THIS_MACHINE: ReadonlySet<string> = new Set(['filesystem.mount', 'filesystem.unmount'])

/** The same handlers, for the local door: what another machine is the home of, that machine is asked. */
export function forwarding({ filesystems, peers }: OrderParts, handlers: readonly Handler[]): readonly Handler[] {
  return handlers.map(handler => {
    const { method } = handler
    if (!Object.hasOwn(ORDERS, method.name)) return handler
    return {
      method,
      async run(params, context, streams) {
        if (OF_THIS_MACHINE.has(method.name) && at(params, 'atHome') !== true) {
          return handler.run(params, context, streams)
        }
        const name = filesystemOf(params)
        const isHere = filesystems.all.some(each => each.name === name)
        const home = isHere || name === undefined ? undefined : homeElsewhere(peers, name)
        if (home === undefined) return handler.run(params, context, streams)
        const { machines } = peers
        const client = machines.client(home) ?? (await machines.connect(home, context.signal))
        return passOn(client, method, { params, context, send: item => streams.send(item) })
      },
    }
  })
}

/** The orders for the port of machines, whose handlers are there once filesystems are open. */
export class HomeOrders {
  readonly #methods: readonly Method[]
  #parts: { readonly filesystems: Pick<Filesystems, 'all'>; readonly handlers: readonly Handler[] } | undefined

  constructor(methods: readonly Method[]) {
    this.#methods = methods.filter(({ name }) => Object.hasOwn(ORDERS, name))
  }

  /** Answers from now on. */
  serve(filesystems: Pick<Filesystems, 'all'>, handlers: readonly Handler[]): void {
    this.#parts = { filesystems, handlers }
  }

  handlers(): readonly Handler[] {
    return this.#methods.map(method => ({
      method,
      run: (params, context, streams) => this.#handler(method, params, context).run(params, context, streams),
    }))
  }

  #handler(method: Method, params: unknown, { peer }: CallContext): Handler {
    const { filesystems, handlers } = this.#parts ?? { filesystems: { all: [] }, handlers: [] }
    const name = filesystemOf(params) ?? ''
    const here = filesystems.all.find(each => each.name === name)
    const handler = handlers.find(each => each.method.name === method.name)
    if (here === undefined || handler === undefined) {
      throw mainFault('HomeUnreachable', `the filesystem ${name} does not live here now`)
    }
    const machine = peer === undefined ? undefined : machineOf(peer)
    const access = machine === undefined ? undefined : here.filesystem.access.of(machine)
    const need = ORDERS[method.name]?.(params) ?? 'controller'
    if (machine === undefined || !mayOrder(need, access, machine.isController)) {
      throw clusterFault('Forbidden', `${method.name} in ${name} is not for ${machine?.name ?? 'a stranger'}`, {
        hint: 'Do it on a controller, or let root of every machine be root there: `cairn fs access --root-squash off`.',
      })
    }
    return handler
  }
}

function mayOrder(need: Need, access: Access | undefined, isController: boolean): boolean {
  // Also one that may not use it: or nobody could let it in again.
  if (need === 'controller') return isController
  if (access === undefined) return false
  return need === 'read' || (need === 'write' ? access !== 'readOnly' : access === 'full')
}

interface Passed {
  readonly params: unknown
  readonly context: CallContext
  send(item: Message<unknown>): Promise<void>
}

async function passOn(client: Client, method: Method, { params, context, send }: Passed): Promise<Message<unknown>> {
  const { signal, body } = context
  const checked = method.params(params, '')
  if (method.kind === 'unary') return client.exchange(method, message(checked, body), signal)
  if (method.kind === 'upload') throw mainFault('HomeElsewhere', `${method.name} is for the machine it lives on`)
  const items = client.download(method, checked, signal)
  for (;;) {
    const next = await items.next()
    if (next.done === true) return message(next.value)
    await send(next.value)
  }
}

function homeElsewhere({ machines }: Pick<Peers, 'machines'>, name: string): string | undefined {
  const { map, own } = machines
  const home = map.isShared ? (homeOf(map, name)?.home ?? homeMachine(machines)) : undefined
  return home === own ? undefined : home
}

function filesystemOf(params: unknown): string | undefined {
  const name = at(params, 'filesystem') ?? at(at(params, 'place'), 'filesystem')
  return typeof name === 'string' ? name : undefined
}

function at(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, field) : undefined
}
