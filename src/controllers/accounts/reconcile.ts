import { isFault } from '#base'
import { ifFault, type Informer, openInformer } from '#client'
import { Controller, DONE, type Outcome } from '../loop/controller.ts'
import { feed } from '../loop/feed.ts'
import type { ControllerParts } from '../loop/parts.ts'
import { CONFIG_MAPS, NAMESPACES, SERVICE_ACCOUNTS } from '../resources.ts'
import { DEFAULT_ACCOUNT, defaultAccount, furnitureSteps, ROOT_CONFIG_MAP, rootConfigMap } from './plan.ts'

/** Gives each namespace its account `default` and the certificate of the authority, and gives them again when they go. */
export function accountsController(parts: ControllerParts, rootPem: string): Controller {
  const namespaces = parts.informers.of({ resource: NAMESPACES })
  const named = (resource: typeof CONFIG_MAPS, name: string): Informer =>
    openInformer({ ...parts, resource, selection: { fields: `metadata.name=${name}` } })
  const accounts = named(SERVICE_ACCOUNTS, DEFAULT_ACCOUNT)
  const rootMaps = named(CONFIG_MAPS, ROOT_CONFIG_MAP)
  const reconcile = async (namespace: string, signal: AbortSignal): Promise<Outcome> => {
    await Promise.all([namespaces, accounts, rootMaps].map(informer => informer.synced(signal)))
    await furnish(parts, { namespaces, accounts, rootMaps, rootPem }, namespace, signal)
    return DONE
  }
  const controller = new Controller({ name: 'accounts', world: parts.world, reconcile })
  controller.use(accounts)
  controller.use(rootMaps)
  feed(controller, namespaces)
  for (const informer of [accounts, rootMaps]) {
    feed(controller, informer, ({ metadata }, { kind }) => (kind === 'added' ? [] : [metadata.namespace ?? '']))
  }
  return controller
}

interface Known {
  readonly namespaces: Informer
  readonly accounts: Informer
  readonly rootMaps: Informer
  readonly rootPem: string
}

async function furnish(
  { client }: ControllerParts,
  known: Known,
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  const account = known.accounts.get({ namespace, name: DEFAULT_ACCOUNT })
  const rootMap = known.rootMaps.get({ namespace, name: ROOT_CONFIG_MAP })
  const found = { namespace: known.namespaces.get({ name: namespace }), account, rootMap }
  const steps = furnitureSteps(found, known.rootPem)
  if (steps.makesAccount) {
    await client.create(SERVICE_ACCOUNTS, defaultAccount(namespace), signal).catch(ifThereOrGoing)
  }
  if (steps.rootMap === 'make') {
    await client.create(CONFIG_MAPS, rootConfigMap(namespace, known.rootPem), signal).catch(ifThereOrGoing)
  }
  if (steps.rootMap === 'mend') {
    const patch = { type: 'merge', body: { data: { 'ca.crt': known.rootPem } } } as const
    await client.patch(CONFIG_MAPS, { namespace, name: ROOT_CONFIG_MAP }, patch, signal).catch(ifFault('NotFound'))
  }
}

// The informers are a moment late: what is there already is fine, and in a namespace that is going nothing is made.
function ifThereOrGoing(error: unknown): void {
  if (!['AlreadyExists', 'Forbidden', 'NotFound'].some(code => isFault(error, code))) throw error
}
