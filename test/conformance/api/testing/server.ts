import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { apiFault, createApp, type Listening, listen, Objects, ObjectStore, peerOf, Registry } from '#api'
import type { World } from '#base'
import { machineWorld } from '#host'
import { AUTHENTICATED, Authority, type Credential, MASTERS } from '#identity'
import { type LocalKeyspace, openEmbeddedKeyspace, sqliteIndex } from '#keyspace'
import { RESOURCES } from '#schema'
import { ApiMetrics } from '#telemetry'

/** An API over TLS on a port of its own, in a temporary folder, in which `admin` may do everything and nobody else anything. */
export class TestServer implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'cairn-conformance-'))
  readonly warnings: string[] = []
  readonly #credentials: Credentials
  #port = 0
  #running: Running | undefined

  private constructor(credentials: Credentials) {
    this.#credentials = credentials
  }

  static async open(): Promise<TestServer> {
    const server = new TestServer(await makeCredentials())
    try {
      await server.start()
      return server
    } catch (error) {
      await server[Symbol.asyncDispose]()
      throw error
    }
  }

  get port(): number {
    return this.#port
  }

  /** A file that tells kubectl where the server is, and that it is `admin`. */
  get kubeconfig(): string {
    return join(this.folder, 'kubeconfig')
  }

  /** Begins, on the port it had before. */
  async start(): Promise<void> {
    const log: World['log'] = { info: () => undefined, warn: message => void this.warnings.push(message) }
    const world: World = { ...machineWorld, log }
    const folder = join(this.folder, 'keyspace')
    const keyspace = await openEmbeddedKeyspace({ world, folder, index: sqliteIndex })
    const ending = new AbortController()
    const app = appOn(keyspace, world, ending.signal)
    const { server, authority } = this.#credentials
    const at = { host: '127.0.0.1', port: this.#port, ...server, authorityPem: authority.certificatePem }
    const listening = await listen(app, at)
    this.#port = listening.port
    this.#running = { keyspace, ending, listening }
    this.#writeKubeconfig()
    await ensureDefault(app)
  }

  /** Ends as the control plane does: watches well, then connections, then the keyspace. */
  async stop(): Promise<void> {
    const running = this.#running
    this.#running = undefined
    running?.ending.abort()
    await running?.listening[Symbol.asyncDispose]()
    await running?.keyspace[Symbol.asyncDispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.stop()
    } finally {
      rmSync(this.folder, { recursive: true, force: true })
    }
  }

  #writeKubeconfig(): void {
    const { authority, admin } = this.#credentials
    const base64 = (text: string): string => Buffer.from(text).toString('base64')
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'cairn',
          cluster: {
            server: `https://127.0.0.1:${this.#port}`,
            'certificate-authority-data': base64(authority.certificatePem),
          },
        },
      ],
      users: [
        {
          name: 'admin',
          user: {
            'client-certificate-data': base64(admin.certificatePem),
            'client-key-data': base64(admin.keyPem),
          },
        },
      ],
      contexts: [{ name: 'cairn', context: { cluster: 'cairn', user: 'admin' } }],
      'current-context': 'cairn',
    }
    writeFileSync(this.kubeconfig, JSON.stringify(config))
  }
}

interface Running {
  readonly keyspace: LocalKeyspace
  readonly ending: AbortController
  readonly listening: Listening
}

interface Credentials {
  readonly authority: Authority
  readonly server: Credential
  readonly admin: Credential
}

async function makeCredentials(): Promise<Credentials> {
  const now = new Date()
  const serial = (): Uint8Array => machineWorld.entropy.bytes(16)
  const authority = await Authority.open(await Authority.make('cairn-authority', serial(), now))
  const lasts = { notBefore: new Date(+now - HOUR_MS), notAfter: new Date(+now + 24 * HOUR_MS) }
  const server = await authority.issue({
    ...lasts,
    commonName: 'cairn',
    organizations: [],
    usage: 'server',
    dnsNames: ['localhost'],
    addresses: ['127.0.0.1'],
    serial: serial(),
  })
  const admin = await authority.issue({
    ...lasts,
    commonName: 'admin',
    organizations: [MASTERS],
    usage: 'client',
    dnsNames: [],
    addresses: [],
    serial: serial(),
  })
  return { authority, server, admin }
}

function appOn(keyspace: LocalKeyspace, world: World, ending: AbortSignal): ReturnType<typeof createApp> {
  const { clock, entropy, log } = world
  return createApp({
    clock,
    log,
    registry: new Registry(RESOURCES),
    objects: new Objects({ store: new ObjectStore(keyspace), clock, entropy }),
    version: 'test',
    ending,
    observer: new ApiMetrics(() => ({ cpuSeconds: 0, residentBytes: 0, startedSeconds: 0 })),
    async authenticate(_request, connection) {
      const peer = connection === LOCAL ? { commonName: 'admin', organizations: [MASTERS] } : peerOf(connection)
      if (peer === undefined) throw apiFault('Unauthorized', 'Unauthorized')
      return { name: peer.commonName, uid: undefined, groups: [...peer.organizations, AUTHENTICATED], extra: {} }
    },
    authorize: async caller => caller.groups.includes(MASTERS),
  })
}

async function ensureDefault(app: ReturnType<typeof createApp>): Promise<void> {
  const body = JSON.stringify({ metadata: { name: 'default' } })
  const headers = { 'content-type': 'application/json' }
  await app.fetch(new Request('https://cairn.test/api/v1/namespaces', { method: 'POST', body, headers }), LOCAL)
}

// Stands for a connection of this process.
const LOCAL = {}
const HOUR_MS = 3_600_000
