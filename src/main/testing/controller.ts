import assert from 'node:assert/strict'
import { ObjectStore } from '#api'
import type { World } from '#base'
import {
  clusterAdmit,
  clusterJoin,
  clusterKnock,
  clusterMap,
  type Knock,
  type Knocked,
  machineOf,
  type NodeMap,
} from '#cluster'
import { machineWorld } from '#host'
import {
  authorityFingerprint,
  bootstrapSecret,
  type JoinToken,
  machineGroup,
  MasterKey,
  newBootstrapToken,
  newKeyPair,
} from '#identity'
import { answerUnary, listenTls, type Message, message, type PeerName, serveStranger, type TlsListening } from '#rpc'
import { RESOURCES } from '#schema'
import { CONTROLLERS } from '../control/controllers.ts'
import { type KeptTokens, keptTokens } from '../control/kept-tokens.ts'
import { askLocally } from '../control/local-api.ts'
import { admissionHandlers } from '../control/machines/admission.ts'
import { knockHandlers } from '../control/machines/knocking.ts'
import { Knocks } from '../control/machines/knocks.ts'
import { issueNode } from '../control/machines/node-certificates.ts'
import { Revocations } from '../control/revocations.ts'
import { openTestApi, type TestApi } from './api.ts'

const SECRETS = '/api/v1/namespaces/kube-system/secrets'
const never = new AbortController().signal

/** The machine, without lines for people. */
export const quietWorld: World = { ...machineWorld, log: { info: () => undefined, warn: () => undefined } }

/** What a token of a test grants; what is not given is as it is in a good one. */
export interface TestGrant {
  readonly groups?: readonly string[]
  readonly node?: string
  readonly lastsMs?: number
}

/** The controller `first` of a cloud: its API in memory, and a port for strangers on loopback. */
export interface TestController extends AsyncDisposable {
  readonly cloud: string
  readonly api: TestApi
  readonly revocations: Revocations
  readonly tokens: KeptTokens
  readonly master: MasterKey
  /** The formats the cloud speaks. */
  level: number
  /** Machines that ask without a token. */
  readonly knocks: Knocks
  /** Where they come from. */
  knockFrom: string
  /** Answers them as the control process does. */
  hearKnock(knock: Knock): Promise<Message<Knocked>>
  /** Machines that it does not know at its port. */
  readonly removed: Set<string>
  token(given?: TestGrant): Promise<JoinToken>
  /** Asks for admission as storage does for who is at its port; a test may put another in its place. */
  admit(asked: object): Promise<{ readonly head: ReturnType<typeof clusterAdmit.result>; readonly body: Uint8Array }>
}

/** Opens one. */
export async function openTestController(): Promise<TestController> {
  await using opening = new AsyncDisposableStack()
  const api = opening.use(await openTestApi())
  const revocations = opening.use(await Revocations.open(api.keyspace, quietWorld))
  const cloud = authorityFingerprint(api.authority.certificatePem)
  const fetch = api.app.fetch.bind(api.app)
  const namespace = { method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name: 'kube-system' } } }
  assert.equal((await askLocally(fetch, CONTROLLERS.name, namespace)).status, 201)
  const addresses: string[] = []
  const secrets = RESOURCES.find(({ kind }) => kind === 'Secret')
  assert(secrets !== undefined)
  const tokens = keptTokens({ world: quietWorld, store: new ObjectStore(api.keyspace) }, secrets)
  const first = { name: 'first', role: 'controller', zone: '', addresses, state: 'Online', disks: [] } as const
  const mapNow = async (): Promise<NodeMap> => {
    const { level } = controller
    return {
      version: 1,
      cloud,
      level,
      groups: 1,
      machines: [first],
      pools: [],
      filesystems: [],
      revoked: [],
      isShared: true,
    }
  }
  const master = MasterKey.make(quietWorld.entropy)
  const parts = {
    world: quietWorld,
    fetch,
    issuing: api.issuing,
    revocations,
    tokens,
    own: 'first',
    takesControllers: true,
    master: () => master,
    mapNow,
  }
  const [handler] = admissionHandlers(parts)
  const knocks = new Knocks({ world: quietWorld, fingerprint: cloud })
  const knocking = knockHandlers({ ...parts, knocks })
  const controller: Omit<TestController, typeof Symbol.asyncDispose> = {
    cloud,
    api,
    revocations,
    tokens,
    master,
    level: 1,
    removed: new Set(),
    knocks,
    knockFrom: '127.0.0.1',
    async hearKnock(knock) {
      const context = { peer: undefined, body: new Uint8Array(), signal: never }
      const asked = { knock, seenFrom: controller.knockFrom }
      const answer = await knocking[0]?.run(asked, context, { items: nothingMore(), send: () => Promise.resolve() })
      return message(clusterKnock.result(answer?.head, ''), answer?.body)
    },
    async token({ groups = [machineGroup('node')], node, lastsMs = 60_000 } = {}) {
      const token = { ...newBootstrapToken(quietWorld.entropy, cloud), fingerprint: cloud }
      const grant = {
        expiresMs: Date.now() + lastsMs,
        groups,
        user: undefined,
        node,
        isSingleUse: true,
        description: '',
      }
      const order = { method: 'POST', path: SECRETS, body: bootstrapSecret(token, grant) }
      assert.equal((await askLocally(fetch, CONTROLLERS.name, order)).status, 201)
      return { ...token, role: 'node', addresses }
    },
    async admit(asked) {
      const context = { peer: undefined, body: new Uint8Array(), signal: never }
      const answer = await handler?.run(asked, context, { items: nothingMore(), send: () => Promise.resolve() })
      return { head: clusterAdmit.result(answer?.head, ''), body: answer?.body ?? new Uint8Array() }
    },
  }
  const { port } = opening.use(await listen(controller))
  addresses.push(`127.0.0.1:${port}`)
  const all = opening.move()
  return Object.assign(controller, { [Symbol.asyncDispose]: () => all.disposeAsync() })
}

async function listen(
  controller: Pick<TestController, 'api' | 'admit' | 'removed' | 'hearKnock'>,
): Promise<TlsListening> {
  const { publicKey, keyPem } = await newKeyPair()
  const wish = { name: 'first', role: 'controller', publicKey, from: 'test' } as const
  const { certificatePem, authorityPem } = await issueNode(controller.api.issuing, wish, never)
  const handlers = [
    answerUnary(clusterJoin, async join => {
      const { head, body } = await controller.admit({ join, seenFrom: '127.0.0.1' })
      return message(head, body)
    }),
    answerUnary(clusterKnock, knock => controller.hearKnock(knock)),
  ]
  const { clock, log } = quietWorld
  const mapFor = (peer: PeerName) =>
    controller.removed.has(machineOf(peer)?.name ?? '') ? [] : [answerUnary(clusterMap, async () => message(undefined))]
  return listenTls({
    host: '127.0.0.1',
    port: 0,
    credential: { certificatePem, keyPem, authorityPem },
    accept: (duplex, peer) => void serveStranger(duplex, { clock, log, software: 'test', handlers: mapFor(peer) }),
    acceptStranger: duplex => void serveStranger(duplex, { clock, log, software: 'test', handlers }),
  })
}

async function* nothingMore(): AsyncGenerator<never> {}
