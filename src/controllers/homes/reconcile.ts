import { mayHaveLog } from '#cluster'
import type { Term } from '../election/lead.ts'
import { HOME_LOOK_MS } from '../limits.ts'
import { Controller, type Outcome } from '../loop/controller.ts'
import type { ControllerParts } from '../loop/parts.ts'
import type { Cluster } from '../machines/cluster.ts'
import { type HomesFacts, nextHomes } from './plan.ts'

/** Names another home for filesystems whose home is silent, in a term of this controller. */
export function homesController(
  { world }: Pick<ControllerParts, 'world'>,
  cluster: Pick<Cluster, 'map' | 'heard' | 'silentMs' | 'setHome'>,
  { othersMs }: Term,
): Controller {
  const { clock, log } = world
  const reconcile = async (_: string, signal: AbortSignal): Promise<Outcome> => {
    const { map } = cluster
    const facts: HomesFacts = {
      silentMs: name => cluster.silentMs(name),
      mayHaveLog: (name, filesystem) => mayHaveLog(cluster.heard.get(name), filesystem),
      aloneMs: clock.monotonicMs() - othersMs,
    }
    for (const change of map === undefined ? [] : nextHomes(map, facts)) {
      const { outcome } = await cluster.setHome(change, signal)
      const { filesystem, was, next } = change
      if (outcome === 'done') {
        log.warn('a filesystem has another home', {
          filesystem,
          before: was?.home,
          now: next?.home,
          epoch: next?.epoch,
        })
      }
    }
    return { kind: 'again', afterMs: HOME_LOOK_MS }
  }
  const controller = new Controller({ name: 'homes', world, reconcile })
  controller.add('/')
  return controller
}
