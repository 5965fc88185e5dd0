import { type World, whyOf } from '#base'
import type { Machines } from '#cluster'
import { RECORD_AGAIN_MS } from '../limits.ts'
import { logHomes } from './methods.ts'
import type { HomeRecords } from './records.ts'

/** Tells all machines that are reached what no controller has agreed on, each once over each connection, until the signal is aborted. */
export async function tellHomes(
  { world, machines, records }: { readonly world: World; readonly machines: Machines; readonly records: HomeRecords },
  signal: AbortSignal,
): Promise<void> {
  const told = new Map<string, readonly [unknown, string]>()
  while (!signal.aborted) {
    const forced = records.forced
    const said = JSON.stringify(forced)
    for (const { name } of forced.length === 0 ? [] : machines.map.machines) {
      const client = name === machines.own ? undefined : machines.client(name)
      const [toldOver, toldThis] = told.get(name) ?? []
      if (client === undefined || (toldOver === client && toldThis === said)) continue
      try {
        const answer = await client.call(logHomes, { records: [...forced] }, signal)
        told.set(name, [client, said])
        await records.take(answer.records)
      } catch (error) {
        if (!signal.aborted) world.log.info('a machine was not told of homes', { machine: name, why: whyOf(error) })
      }
    }
    await world.clock.sleep(RECORD_AGAIN_MS, signal).catch(() => undefined)
  }
}
