import type { World } from '#base'
import {
  type Authority,
  authorityFingerprint,
  BOOTSTRAP_NAMESPACE,
  type BootstrapGrant,
  bootstrapGrant,
  bootstrapSecret,
  bootstrapSecretName,
  bootstrapTokenText,
  machineGroup,
  machineRole,
  newBootstrapToken,
} from '#identity'
import { answerUnary, type Handler, message, type TokenRow, tokenCreate, tokenList, tokenRevoke } from '#rpc'
import { isKubeObject, listAt } from '#schema'
import { mainFault } from '../faults.ts'
import { refuseWithoutEtcd } from '../members/etcd-program.ts'
import { refuseNodeName } from '../node-name.ts'
import { askLocally, type LocalFetch, refusedLocally } from './local-api.ts'
import { machineTokenText, peerAddresses } from './machines/join-tokens.ts'
import { noControllerToken } from './machines/refusals.ts'
import type { DoorCall } from './storage-door.ts'

/** What tokens are looked after with. */
export interface TokenDoorParts {
  readonly world: World
  readonly fetch: LocalFetch
  readonly authority: Authority
  readonly url: string
  /** The storage process of this machine: it knows where others reach it. */
  readonly call: DoorCall
  /** True unless the control plane is in an etcd that people run: controllers are started on it by them. */
  readonly takesControllers: boolean
}

const NAME = 'system:cairn:owner'
const SECRETS = `/api/v1/namespaces/${BOOTSTRAP_NAMESPACE}/secrets`
const TOKENS = `${SECRETS}?fieldSelector=type%3Dbootstrap.kubernetes.io%2Ftoken`

type Order = ReturnType<typeof tokenCreate.params>

/** Tokens at the local door. */
export function tokenHandlers(parts: TokenDoorParts): readonly Handler[] {
  const { world, fetch } = parts
  const nowMs = () => Number(world.clock.wallNs() / 1_000_000n)
  return [
    answerUnary(tokenCreate, async (order, { signal }) => {
      refuseOrder(order, parts)
      const fingerprint = authorityFingerprint(parts.authority.certificatePem)
      const token = { ...newBootstrapToken(world.entropy, fingerprint), fingerprint }
      const { machine } = order
      const addresses = machine === undefined ? [] : await peerAddresses(machine, parts.call, signal)
      const text =
        machine === undefined ? bootstrapTokenText(token) : machineTokenText(token, { ...machine, addresses })
      const grant = grantOf(order, nowMs())
      const body = bootstrapSecret(token, grant)
      const answer = await askLocally(fetch, NAME, { method: 'POST', path: SECRETS, body })
      if (answer.status !== 201) throw refusedLocally(answer)
      return message({ token: text, row: rowOf({ ...grant, ...token }), url: parts.url, addresses })
    }),
    answerUnary(tokenList, async () => {
      const answer = await askLocally(fetch, NAME, { method: 'GET', path: TOKENS })
      if (answer.status !== 200) throw refusedLocally(answer)
      const secrets = listAt(answer.body, 'items').filter(isKubeObject)
      const grants = secrets.flatMap(secret => bootstrapGrant(secret, nowMs()) ?? [])
      return message({ tokens: grants.map(rowOf) })
    }),
    answerUnary(tokenRevoke, async ({ id }) => {
      const path = `${SECRETS}/${encodeURIComponent(bootstrapSecretName(id))}`
      const answer = await askLocally(fetch, NAME, { method: 'DELETE', path })
      if (answer.status === 404) {
        throw mainFault('NotFound', `there is no token ${id}`, { hint: 'See which there are: cairn token ls' })
      }
      if (answer.status !== 200) throw refusedLocally(answer)
      return message(undefined)
    }),
  ]
}

function refuseOrder({ user, machine }: Order, { takesControllers }: TokenDoorParts): void {
  if (user?.startsWith('system:') === true) {
    throw mainFault('Invalid', `user: "${user}" is a name of the system`, {
      hint: 'Choose a name that does not begin with `system:`.',
    })
  }
  if (machine === undefined) return
  if (user !== undefined) {
    throw mainFault('Invalid', '--user and --role: a token is for a person or for a machine', { hint: 'Make two.' })
  }
  if (machine.node !== undefined) refuseNodeName(machine.node)
  if (machine.role !== 'controller') return
  if (!takesControllers) throw noControllerToken()
  refuseWithoutEtcd('a second controller')
}

// One for a machine is good for once, whatever is said.
function grantOf({ user, machine, seconds, isSingleUse, description }: Order, nowMs: number) {
  const expiresMs = nowMs + seconds * 1000
  if (machine === undefined) return { expiresMs, groups: [], user, isSingleUse, description }
  const { node, role } = machine
  return { expiresMs, groups: [machineGroup(role)], user: undefined, node, isSingleUse: true, description }
}

function rowOf(grant: Omit<BootstrapGrant, 'secret'>): TokenRow {
  const { id, user, node, groups, expiresMs, isSingleUse, description } = grant
  return { id, user, role: machineRole(groups), node, expiresMs, isSingleUse, description }
}
