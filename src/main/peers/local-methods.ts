import {
  clusterLeading,
  clusterNodes,
  clusterReload,
  clusterSetMap,
  clusterWatch,
  type Links,
  type MachineState,
  type MapStore,
  type NodeMap,
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
    answerUnary(clusterLeading, async ({ forMs, saidMs }) => {
      // This process may have stood still since it was said.
      links.leadership.own(forMs - Math.max(0, links.wallMs() - saidMs))
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
  const rows = links.map.machines.map(({ name, role, zone, state, addresses, disks }) => {
    const view = views.get(name)
    const isOwn = name === links.own
    const heard = isOwn ? 'Online' : (view?.state ?? state)
    return {
      name,
      role,
      zone,
      state: isOwn ? ownState(links, state) : state === 'Draining' && heard === 'Online' ? state : heard,
      addresses,
      isOwn,
      isConnected: isOwn || view?.isConnected === true,
      disks: disks.length,
      capacityMiB: disks.reduce((sum, disk) => sum + disk.capacityMiB, 0),
      filesystemsOnlyHere: onlyAt(links.map, name, each => views.get(each)?.state === 'Offline'),
      ...loadOf(links, name),
      ...problemOf(links, name),
    }
  })
  return rows
}

// Of filesystems whose log goes with the machine.
function onlyAt({ filesystems }: Pick<NodeMap, 'filesystems'>, machine: string, isAway: (name: string) => boolean) {
  const isElsewhere = (inSync: readonly string[]) => inSync.some(each => each !== machine && !isAway(each))
  return filesystems.filter(({ inSync }) => inSync.includes(machine) && !isElsewhere(inSync)).map(({ name }) => name)
}

// The map may not say yet, or never to this machine, that it is not let in.
function ownState({ refusal }: Links, state: MachineState): NodeRow['state'] {
  if (refusal !== undefined) return refusal.code === 'Removed' ? 'Removed' : 'Duplicate'
  return state === 'Draining' ? state : 'Online'
}

function loadOf(links: Links, name: string): Pick<NodeRow, 'load'> {
  const said = links.loadOf(name)
  if (said === undefined) return {}
  const { cpus, memoryMiB } = said.report
  return { load: { cpus, memoryMiB, ...said.load } }
}

function problemOf(links: Links, name: string): { readonly problem?: string } {
  const problem = name === links.own ? ownProblem(links) : (links.misfit(name)?.message ?? duplicateText(links, name))
  return problem === undefined ? {} : { problem }
}

function ownProblem({ refusal, ownDuplicate }: Links): string | undefined {
  if (refusal !== undefined || ownDuplicate === undefined) return refusal?.message
  return `another machine shows the name of this one, at ${ownDuplicate}`
}

function duplicateText({ hearing }: Links, name: string): string | undefined {
  const host = hearing.duplicateOf(name)
  return host === undefined ? undefined : `another machine shows this name, at ${host}: it is not let in`
}
