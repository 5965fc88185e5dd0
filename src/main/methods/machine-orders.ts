import { isFault } from '#base'
import { clusterFault, type Machines } from '#cluster'
import { type Client, type Handler, message } from '#rpc'
import { mainFault } from '../faults.ts'

type Method = Handler['method']

/** Calls about one machine that others may make too; those that controllers may make stand in the table of rights. */
const ORDERS: ReadonlySet<string> = new Set(['disk.list', 'disk.add', 'disk.drain', 'disk.remove'])

/** The same handlers, for the local door: what is said of another machine, that machine does. Faults: NotFound, NoPath. */
export function toMachines(machines: Machines, handlers: readonly Handler[]): readonly Handler[] {
  return handlers.map(handler => {
    const { method } = handler
    if (!ORDERS.has(method.name) || method.kind !== 'unary') return handler
    return {
      method,
      async run(params, context, streams) {
        const machine = machineIn(params)
        if (machine === undefined || machine === machines.own) return handler.run(params, context, streams)
        if (!machines.map.machines.some(({ name }) => name === machine)) {
          throw mainFault('NotFound', `there is no machine ${machine}`, { hint: '`cairn node ls` lists them.' })
        }
        const { signal, body } = context
        const client = await reach(machines, machine, signal)
        return client.exchange(method, message(method.params(params, ''), body), signal)
      },
    }
  })
}

/** The orders at the port of machines, whose handlers are there once everything is open. */
export class MachineOrders {
  readonly #methods: readonly Method[]
  #handlers: readonly Handler[] = []

  constructor(methods: readonly Method[]) {
    this.#methods = methods.filter(({ name }) => ORDERS.has(name))
  }

  /** Answers from now on. */
  serve(handlers: readonly Handler[]): void {
    this.#handlers = handlers
  }

  handlers(): readonly Handler[] {
    return this.#methods.map(method => ({
      method,
      run: async (params, context, streams) => {
        const handler = this.#handlers.find(each => each.method.name === method.name)
        if (handler === undefined) throw mainFault('Busy', 'the machine is being started: try again')
        return handler.run(params, context, streams)
      },
    }))
  }
}

async function reach(machines: Machines, machine: string, signal: AbortSignal): Promise<Client> {
  const there = machines.client(machine)
  if (there !== undefined) return there
  try {
    return await machines.connect(machine, signal)
  } catch (error) {
    if (!isFault(error, 'NoPath')) throw error
    const hint = `Start it, then try again; if it never comes back: cairn node remove ${machine} --force`
    throw clusterFault('NoPath', `the machine ${machine} does not answer: ${error.message}`, { hint, cause: error })
  }
}

function machineIn(params: unknown): string | undefined {
  const name = typeof params === 'object' && params !== null ? Reflect.get(params, 'machine') : undefined
  return typeof name === 'string' ? name : undefined
}
