import { createHash } from 'node:crypto'
import { isIPv4, isIPv6 } from '#schema'
import { identityFault } from '../faults.ts'
import { JOIN_ADDRESSES_MAX, JOIN_TOKEN_CHARACTERS_MAX } from '../limits.ts'
import { type BootstrapToken, bootstrapTokenText, parseBootstrapToken } from './bootstrap.ts'
import type { NodeRole } from './bootstrap-secret.ts'

/** What lets a machine into a cloud: a bootstrap token that also says where somebody of that cloud is. */
export interface JoinToken extends BootstrapToken {
  readonly fingerprint: string
  /** What the machine becomes. The cloud knows it too; here it is for who reads the token. */
  readonly role: NodeRole
  /** Where it may be tried: `HOST:PORT`, `[IPV6]:PORT`; likely ones first. */
  readonly addresses: readonly string[]
}

// `ID.SECRET.FINGERPRINT.PLACE`, PLACE in base64url: 1, role (0 node, 1 controller), addresses, three bytes of a SHA-256 of all
// before. An address is 4 and 4 bytes, or 6 and 16 bytes, or 1, a length and a name; then two bytes for the port, big end first.
const [VERSION, CHECK_BYTES] = [1, 3]
const ROLES = ['node', 'controller'] as const
const [IPV4, IPV6, NAME] = [4, 6, 1]

/** The token as people pass it on. */
export function joinTokenText(token: JoinToken): string {
  const { role, addresses } = token
  const head = bootstrapTokenText(token)
  const place = Buffer.concat([Buffer.from([VERSION, ROLES.indexOf(role)]), ...addresses.map(bytesOf)])
  return `${head}.${Buffer.concat([place, checkOf(head, place)]).toString('base64url')}`
}

/** Reads a token that lets a machine in. Faults: TokenInvalid, which says what is wrong with it. */
export function readJoinToken(text: string): JoinToken {
  const [, head = '', place = ''] = /^([a-z0-9]{6}\.[a-z0-9]{16}\.[\w-]{43})(?:\.([\w-]+))?$/.exec(text) ?? []
  const token = parseBootstrapToken(head)
  if (token?.fingerprint === undefined || text.length > JOIN_TOKEN_CHARACTERS_MAX) throw invalid('it is not whole')
  if (place === '') throw invalid('it is for people, not for machines')
  const bytes = Buffer.from(place, 'base64url')
  const [body, check] = [bytes.subarray(0, -CHECK_BYTES), bytes.subarray(-CHECK_BYTES)]
  const isWhole = bytes.length >= 2 + CHECK_BYTES && bytes.toString('base64url') === place
  if (!isWhole || !check.equals(checkOf(head, body))) throw invalid('a character of it is wrong')
  const [version, code = 0] = body
  const role = ROLES[code]
  if (version !== VERSION || role === undefined) throw invalid('a newer Cairn made it')
  return { ...token, fingerprint: token.fingerprint, role, addresses: addressesIn(body.subarray(2)) }
}

function checkOf(head: string, place: Uint8Array): Buffer {
  return createHash('sha256').update(`cairn join ${head}.`).update(place).digest().subarray(0, CHECK_BYTES)
}

function bytesOf(address: string): Buffer {
  const { host, port } = partsOf(address)
  return Buffer.concat([hostBytes(host), Buffer.from([port >> 8, port & 0xff])])
}

function partsOf(address: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-f:.]+)\]|([^\s:[\]/]{1,253})):([0-9]{1,5})$/i.exec(address) ?? []
  const host = bracketed ?? plain
  const isName = plain !== undefined && !/[^\w.-]/.test(plain)
  const isHost = bracketed === undefined ? isName : isIPv6(bracketed)
  if (host === undefined || !isHost || Number(port) < 1 || Number(port) > 65_535) {
    throw identityFault('TokenInvalid', `"${address}" is no address of a machine`, {
      hint: 'It must be HOST:PORT or [IPV6]:PORT.',
    })
  }
  return { host, port: Number(port) }
}

function hostBytes(host: string): Buffer {
  if (isIPv4(host)) return Buffer.from([IPV4, ...host.split('.').map(Number)])
  if (!isIPv6(host)) return Buffer.concat([Buffer.from([NAME, host.length]), Buffer.from(host, 'latin1')])
  // As URLs write it: without numbers of IPv4 in it.
  const [left = '', right = ''] = new URL(`http://[${host}]/`).hostname.slice(1, -1).split('::')
  const words = (half: string) => (half === '' ? [] : half.split(':').map(word => Number.parseInt(word, 16)))
  const [head, tail] = [words(left), words(right)]
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => 0)
  return Buffer.from([IPV6, ...[...head, ...zeros, ...tail].flatMap(word => [word >> 8, word & 0xff])])
}

function addressesIn(bytes: Buffer): readonly string[] {
  const addresses: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const { host, end } = hostAt(bytes, at)
    if (end + 2 > bytes.length || addresses.length >= JOIN_ADDRESSES_MAX) throw invalid('its addresses cannot be read')
    const address = `${host}:${bytes.readUInt16BE(end)}`
    partsOf(address) // a name in it may be none
    addresses.push(address)
    at = end + 2
  }
  return addresses
}

function hostAt(bytes: Buffer, at: number): { readonly host: string; readonly end: number } {
  const kind = bytes[at]
  const isName = kind === NAME
  const from = at + (isName ? 2 : 1)
  const end = from + (isName ? (bytes[at + 1] ?? 0) : kind === IPV4 ? 4 : 16)
  if ((!isName && kind !== IPV4 && kind !== IPV6) || end > bytes.length) throw invalid('its addresses cannot be read')
  const part = bytes.subarray(from, end)
  if (isName) return { host: part.toString('latin1'), end }
  if (kind === IPV4) return { host: part.join('.'), end }
  const words = Array.from({ length: 8 }, (_, index) => part.readUInt16BE(2 * index).toString(16))
  return { host: new URL(`http://[${words.join(':')}]/`).hostname, end }
}

function invalid(why: string): Error {
  return identityFault('TokenInvalid', `the token does not hold: ${why}`, {
    hint: 'Copy all of what `cairn token create --role node` shows.',
  })
}
