import fs from 'node:fs'
import net from 'node:net'
import { isSystemError, type World } from '#base'
import {
  directAddressOf,
  meshFault,
  type Range,
  rangeOf,
  readWireguard,
  type WireguardState,
  WIREGUARD_PORT,
} from '#mesh'
import { Forwarding } from './forwarding.ts'
import type { MeshFiles, MeshKey } from './keys.ts'
import { INTERFACES_MAX } from './limits.ts'
import { hasProgram, runProgram, tryProgram } from './programs.ts'

/** What an interface is made with. */
export interface InterfaceParts {
  readonly world: World
  readonly files: MeshFiles
  readonly key: MeshKey
}

/** Addresses that an interface has on the mesh. */
export interface OwnAddresses {
  readonly range: string
  readonly prefix: string
  readonly addresses: readonly string[]
}

/** The WireGuard interface of this machine: the kernel's, or `wireguard-go`'s. It outlives this process unless closed. */
export class MeshInterface {
  readonly name: string
  readonly engine: 'kernel' | 'wireguard-go'
  readonly #parts: InterfaceParts
  readonly forwarding: Forwarding
  #addresses = ''

  /** Takes the interface that a process before has left, or makes one. Faults: MeshFailed. */
  static async open(parts: InterfaceParts): Promise<MeshInterface> {
    const { files, key } = parts
    const note = files.note
    const name = await freeName(note.interface, keysOf(files, key))
    await files.keepNote({ ...note, interface: name })
    const engine = await make(name)
    const made = new MeshInterface(name, engine, parts)
    await made.#configure(note.listenPort)
    return made
  }

  private constructor(name: string, engine: 'kernel' | 'wireguard-go', parts: InterfaceParts) {
    this.name = name
    this.engine = engine
    this.#parts = parts
    this.forwarding = new Forwarding(name)
  }

  /** False when somebody has removed it. */
  get isThere(): boolean {
    return isThere(this.name)
  }

  /** How it is. Faults: MeshFailed. */
  async state(): Promise<WireguardState> {
    return readWireguard(await runProgram(['wg', 'show', this.name, 'dump']))
  }

  /** Changes it with words of `wg set`. Faults: MeshFailed. */
  async set(words: readonly string[]): Promise<void> {
    if (words.length > 0) await runProgram(['wg', 'set', this.name, ...words])
  }

  /** Has these addresses from now on, and routes to the whole mesh; nothing when it has them. Faults: MeshFailed. */
  async address(own: OwnAddresses): Promise<void> {
    const text = JSON.stringify(own)
    if (text === this.#addresses) return
    const range = rangeOf(own.range)
    const [v4 = '', v6] = own.addresses
    const direct = range === undefined ? undefined : directAddressOf(range, v4)
    const wanted = [v4, direct].filter(address => address !== undefined)
    await runProgram(['ip', 'addr', 'flush', 'dev', this.name])
    for (const address of wanted) await runProgram(['ip', 'addr', 'add', `${address}/32`, 'dev', this.name])
    await runProgram(['ip', 'route', 'replace', own.range, 'dev', this.name, 'src', v4])
    if (v6 !== undefined) await this.#addressV6(v6, own.prefix)
    await this.forwarding.allow(own)
    this.#addresses = text
  }

  /** Removes it with all that hangs on it. */
  async close(): Promise<void> {
    const { files } = this.#parts
    await this.forwarding.forbid()
    await remove(this.name, this.#parts.world)
    await files.keepNote({ ...files.note, interface: undefined })
  }

  // A machine may have IPv6 switched off: IPv4 is enough.
  async #addressV6(address: string, prefix: string): Promise<void> {
    const { code } = await tryProgram(['ip', '-6', 'addr', 'add', `${address}/128`, 'dev', this.name, 'nodad'])
    if (code === 0) await tryProgram(['ip', '-6', 'route', 'replace', prefix, 'dev', this.name])
  }

  async #configure(keptPort: number | undefined): Promise<void> {
    const { files, key } = this.#parts
    const state = await this.state()
    if (state.publicKey !== key.publicKey) await this.set(['private-key', key.file])
    if (state.listenPort === 0 || state.listenPort !== keptPort) {
      const port = await freePort([keptPort, WIREGUARD_PORT])
      await this.set(['listen-port', String(port)])
      await files.keepNote({ ...files.note, listenPort: port })
    }
    await runProgram(['ip', 'link', 'set', this.name, 'up', 'mtu', String(MTU)])
  }
}

/** Removes what a process before has left that was killed. */
export async function removeLeftover({ world, files, key }: InterfaceParts): Promise<void> {
  const { interface: name } = files.note
  if (name === undefined) return
  await new Forwarding(name).forbid()
  if ((await ownerOf(name, keysOf(files, key))) === 'own') await remove(name, world)
  await files.keepNote({ ...files.note, interface: undefined })
}

/** What packets may have, so that they fit through the internet with WireGuard's head. */
const MTU = 1_420
const SOCKETS = '/var/run/wireguard'

// Whoever was killed while keys were changed may have left an interface with either.
function keysOf(files: MeshFiles, key: MeshKey): readonly string[] {
  const next = files.nextKey()
  return next === undefined ? [key.publicKey] : [key.publicKey, next.publicKey]
}

async function make(name: string): Promise<'kernel' | 'wireguard-go'> {
  if (isThere(name)) return fs.existsSync(`${SOCKETS}/${name}.sock`) ? 'wireguard-go' : 'kernel'
  const { code, err } = await tryProgram(['ip', 'link', 'add', name, 'type', 'wireguard'])
  if (code === 0) return 'kernel'
  if (!hasProgram('wireguard-go')) {
    throw meshFault('MeshFailed', `this kernel makes no WireGuard interface: ${err.trim()}`, {
      hint: 'On Debian: sudo apt-get install wireguard-go',
    })
  }
  await runProgram(['wireguard-go', name])
  return 'wireguard-go'
}

// `wireguard-go` ends with its interface, and takes its socket away when it has the time to.
async function remove(name: string, { clock }: World): Promise<void> {
  await tryProgram(['ip', 'link', 'delete', name])
  const socket = `${SOCKETS}/${name}.sock`
  for (let waitedMs = 0; waitedMs < GONE_MS && (await answers(socket)); waitedMs += GONE_LOOK_MS) {
    await clock.sleep(GONE_LOOK_MS, new AbortController().signal)
  }
  if (!(await answers(socket))) fs.rmSync(socket, { force: true })
}

const GONE_MS = 3_000
const GONE_LOOK_MS = 20

// Its sockets are in one folder for all network namespaces, so a name may be taken that is not seen here.
async function freeName(kept: string | undefined, keys: readonly string[]): Promise<string> {
  const names = Array.from({ length: INTERFACES_MAX }, (_, index) => `cairn${index}`)
  for (const name of kept === undefined ? names : [kept, ...names]) {
    const owner = await ownerOf(name, keys)
    if (owner === 'nobody' || (owner === 'own' && name === kept)) return name
  }
  throw meshFault('MeshFailed', `interfaces cairn0 to cairn${INTERFACES_MAX - 1} are all there, and of others`, {
    hint: 'See whose they are: ip link; wg show',
  })
}

async function ownerOf(name: string, keys: readonly string[]): Promise<'own' | 'other' | 'nobody'> {
  const isHere = isThere(name)
  const isServed = await answers(`${SOCKETS}/${name}.sock`)
  if (!isHere) return isServed ? 'other' : 'nobody'
  const { code, out } = await tryProgram(['wg', 'show', name, 'public-key'])
  return code === 0 && (keys.includes(out.trim()) || out.trim() === '(none)') ? 'own' : 'other'
}

function isThere(name: string): boolean {
  return fs.existsSync(`/proc/sys/net/ipv4/conf/${name}`)
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = net.connect({ path: socketPath })
    const end = (isThereNow: boolean) => {
      socket.destroy()
      resolve(isThereNow)
    }
    socket.once('connect', () => end(true)).once('error', () => end(false))
  })
}

async function freePort(wishes: readonly (number | undefined)[]): Promise<number> {
  const { createSocket } = await import('node:dgram')
  for (const wish of [...wishes, 0]) {
    if (wish === undefined) continue
    const socket = createSocket('udp4')
    const port = await new Promise<number | undefined>((resolve, reject) => {
      socket.once('error', error => (isSystemError(error, 'EADDRINUSE') ? resolve(undefined) : reject(error)))
      socket.bind(wish, () => resolve(socket.address().port))
    })
    socket.close()
    if (port !== undefined) return port
  }
  throw meshFault('MeshFailed', 'no UDP port is free')
}

/** Networks of this machine that overlap a range, but those of the interface itself: `ip route` says them. */
export async function clashOf(range: Range, own: string): Promise<string | undefined> {
  const rows: unknown = JSON.parse((await runProgram(['ip', '-json', '-4', 'route', 'show', 'table', 'all'])) || '[]')
  if (!Array.isArray(rows)) return undefined
  for (const row of rows) {
    const { dst = '', dev = '' }: { dst?: string; dev?: string } = row
    const other = routeRange(dst)
    if (dev === own || other === undefined) continue
    if (other.base < range.base + range.count && range.base < other.base + other.count) return `${dst} on ${dev}`
  }
  return undefined
}

// A default route, and one for half of everything as VPNs have it, is no clash: ours is more exact.
function routeRange(dst: string): Range | undefined {
  const [address = '', bits = '32'] = dst.split('/')
  const count = 2 ** (32 - Number(bits))
  const host = /^[0-9.]+$/.test(address)
    ? address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
    : undefined
  return host === undefined || count > 2 ** 26 ? undefined : { base: host, count }
}
