import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'

/** Why etcd cannot be tested here, or false. */
export function whyNoEtcd(): string | false {
  const missing = ['etcd', 'etcdctl'].filter(name => spawnSync(name, ['--version'], { stdio: 'ignore' }).error)
  return missing.length > 0 && `no ${missing.join(' and ')}: sudo apt-get install etcd-server etcd-client`
}

/** How an etcd of a test differs from others. */
export interface EtcdServerOptions {
  /** Files in PEM; clients must show a certificate of this authority. */
  readonly tls?: { readonly authority: string; readonly certificate: string; readonly key: string }
  /** What etcdctl shows, when etcd wants certificates. */
  readonly ctl?: { readonly authority: string; readonly certificate: string; readonly key: string }
  /** Writes are synced to the disk, as they are in earnest. */
  readonly durable?: boolean
  readonly flags?: readonly string[]
}

/** One real etcd, alone or a member of a cluster, with its data in a temporary folder. */
export class EtcdServer implements AsyncDisposable {
  readonly #folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-etcd-'))
  readonly #options: EtcdServerOptions
  readonly #scheme: string
  readonly #name: string
  #child: ChildProcess | undefined
  clientPort = 0
  peerPort = 0

  constructor(name: string, options: EtcdServerOptions) {
    this.#name = name
    this.#options = options
    this.#scheme = options.tls === undefined ? 'http' : 'https'
  }

  get url(): URL {
    return new URL(`${this.#scheme}://127.0.0.1:${this.clientPort}`)
  }

  get member(): string {
    return `${this.#name}=http://127.0.0.1:${this.peerPort}`
  }

  /** Ports nobody has now; somebody may take them before etcd does, and then etcd ends and others are taken. */
  async choosePorts(): Promise<void> {
    const [client, peer] = await Promise.all([freePort(), freePort()])
    this.clientPort = client
    this.peerPort = peer
  }

  /** Starts it, again after a kill, and does not wait until it has a leader. */
  launch(cluster: readonly string[] = [this.member]): void {
    const { tls, durable = false, flags = [] } = this.#options
    const client = this.url.origin
    const peer = `http://127.0.0.1:${this.peerPort}`
    const options = {
      name: this.#name,
      'data-dir': `${this.#folder}/data`,
      'listen-client-urls': client,
      'advertise-client-urls': client,
      'listen-peer-urls': peer,
      'initial-advertise-peer-urls': peer,
      'initial-cluster': cluster.join(','),
      ...(tls === undefined
        ? {}
        : { 'trusted-ca-file': tls.authority, 'cert-file': tls.certificate, 'key-file': tls.key }),
    }
    const args = Object.entries(options).map(([key, value]) => `--${key}=${value}`)
    if (tls !== undefined) args.push('--client-cert-auth')
    if (!durable) args.push('--unsafe-no-fsync')
    const log = fs.openSync(`${this.#folder}/log`, 'a')
    // It goes with this process, however that ends.
    const words = ['--pdeathsig', 'KILL', 'etcd', ...args, ...flags]
    this.#child = spawn('setpriv', words, { stdio: ['ignore', log, log] })
    fs.closeSync(log)
  }

  /** True while its process runs. */
  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Ends the process at once, as a crash would. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined || !this.isRunning) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  /** Stops it without ending it, or lets it go on: to its clients the network is cut. */
  freeze(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(signal)
  }

  /** What etcdctl answers. */
  ctl(...args: readonly string[]): string {
    const { ctl } = this.#options
    const files = ctl && [`--cacert=${ctl.authority}`, `--cert=${ctl.certificate}`, `--key=${ctl.key}`]
    const command = [`--endpoints=${this.url.origin}`, ...(files ?? []), ...args]
    const done = spawnSync('etcdctl', command, {
      encoding: 'utf8',
      env: { ...process.env, ETCDCTL_API: '3' },
      timeout: 20_000,
    })
    if (done.status !== 0) throw new Error(`etcdctl ${args.join(' ')}: ${done.stderr}`)
    return done.stdout
  }

  /** Its last words, for a test that failed. */
  log(): string {
    return fs.readFileSync(`${this.#folder}/log`, 'utf8').slice(-2000)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    fs.rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** Starts one etcd and waits until it answers. */
export async function startEtcd(options: EtcdServerOptions = {}): Promise<EtcdServer> {
  const server = new EtcdServer('alone', options)
  for (let attempt = 0; ; attempt++) {
    await server.choosePorts()
    server.launch()
    if (await answers(server)) return server
    const log = server.log()
    if (attempt === 4 || !log.includes('address already in use')) {
      await server[Symbol.asyncDispose]()
      throw new Error(`etcd did not start: ${log}`)
    }
  }
}

/** Starts a cluster of three and waits until it answers. */
export async function startCluster(flags: readonly string[] = []): Promise<EtcdServer[]> {
  const servers = ['one', 'two', 'three'].map(name => new EtcdServer(name, { flags }))
  for (const server of servers) await server.choosePorts()
  const cluster = servers.map(server => server.member)
  for (const server of servers) server.launch(cluster)
  for (const server of servers) if (!(await answers(server))) throw new Error(`etcd did not start: ${server.log()}`)
  return servers
}

/** Waits until it takes part in a cluster with a leader; false when it ended. */
export async function answers(server: EtcdServer): Promise<boolean> {
  for (let i = 0; i < 200 && server.isRunning; i++) {
    try {
      server.ctl('--command-timeout=2s', 'get', 'none')
      return true
    } catch {
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  }
  return false
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}
