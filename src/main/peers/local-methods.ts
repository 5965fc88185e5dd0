import {
  clusterNodes,
  clusterReload,
  clusterSetMap,
  clusterWatch,
  type Links,
  type MapStore,
  type NodeRow,
  nodesMessage,
  readMap,
  tellChanges,
} from '#cluster'
import { answerDownload, answerUnary, type Handler, message } from '#rpc'

/** What the local door tells and changes of the cloud. */
export interface LocalClusterParts {
  readonly links: Links
  readonly maps: MapStore
  readonly reload: () => Promise<void>
}

/** `cluster.*` at the local door: for the control process and for people. */
export function localClusterMethods({ links, maps, reload }: LocalClusterParts): readonly Handler[] {
  return [
    answerDownload(clusterWatch, async function* (_, { signal }) {
      for await (const machines of tellChanges(() => links.heard(), links.changed, signal)) yield message({ machines })
      return message(undefined)
    }),
    answerUnary(clusterSetMap, async (_, { body }) => {
      await maps.take(readMap(body))
      return message(undefined)
    }),
    answerUnary(clusterReload, async () => {
      await reload()
      return message(undefined)
    }),
    answerUnary(clusterNodes, async () => nodesMessage({ mapVersion: links.map.version, nodes: nodeRows(links) })),
  ]
}

function nodeRows(links: Links): readonly NodeRow[] {
  const views = new Map(links.states().map(view => [view.name, view]))
  return links.map.machines.map(({ name, role, zone, state, addresses, disks }) => {
    const view = views.get(name)
    const isOwn = name === links.own
    const heard = isOwn ? 'Online' : (view?.state ?? state)
    return {
      name,
      role,
      zone,
      state: state === 'Draining' && heard === 'Online' ? state : heard,
      addresses,
      isOwn,
      isConnected: isOwn || view?.isConnected === true,
      disks: disks.length,
      capacityMiB: disks.reduce((sum, disk) => sum + disk.capacityMiB, 0),
    }
  })
}
