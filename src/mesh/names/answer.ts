import type { MeshMap } from '../methods/mesh-map.ts'
import { isIn, rangeOf } from '../ranges.ts'
import {
  answerBytes,
  DNS_CODES,
  DNS_TYPES,
  type DnsAnswer,
  type DnsRecord,
  nameBytes,
  type Question,
  readQuestion,
  ZONE,
  zoneRecord,
} from './message.ts'

/**
 * Answers a question of DNS about the machines of a cloud: `NODE.cairn.internal` and back. Undefined: it is no question. What
 * is of another zone is refused, so that a resolver asks its next server.
 */
export function answerName(bytes: Uint8Array, map: MeshMap): Uint8Array | undefined {
  const question = readQuestion(bytes)
  if (question === undefined) return undefined
  if ('kind' in question) return answerBytes(question, failed(DNS_CODES.badFormat))
  if (question.opcode !== 0) return answerBytes(question, failed(DNS_CODES.notImplemented))
  return answerBytes(question, answerTo(question, map))
}

function answerTo(question: Question, map: MeshMap): DnsAnswer {
  const { name, type, dnsClass } = question
  if (dnsClass !== INTERNET && dnsClass !== ANY_CLASS) return failed(DNS_CODES.refused)
  if (name === ZONE) return found(type === DNS_TYPES.soa || type === DNS_TYPES.any ? [zoneRecord()] : [])
  if (name.endsWith(`.${ZONE}`)) {
    const machine = map.machines.find(each => `${each.name}.${ZONE}` === name)
    return machine?.mesh === undefined ? NO_SUCH_NAME : found(records(machine.mesh.addresses, type))
  }
  const address = reverseOf(name)
  if (address === undefined || !isOfMesh(address, map)) return failed(DNS_CODES.refused)
  const back = map.machines.find(({ mesh }) => mesh?.addresses.some(each => isSameAddress(each, address)))
  if (back === undefined) return NO_SUCH_NAME
  const pointer = { of: 'question', type: DNS_TYPES.ptr, content: nameBytes(`${back.name}.${ZONE}`) } as const
  return found(type === DNS_TYPES.ptr || type === DNS_TYPES.any ? [pointer] : [])
}

const INTERNET = 1
const ANY_CLASS = 255

function records(addresses: readonly string[], type: number): readonly DnsRecord[] {
  return addresses.flatMap(address => {
    const own = address.includes(':') ? DNS_TYPES.aaaa : DNS_TYPES.a
    if (type !== own && type !== DNS_TYPES.any) return []
    const content = address.includes(':') ? bytesOfV6(address) : Uint8Array.from(address.split('.').map(Number))
    return [{ of: 'question', type: own, content } as const]
  })
}

function found(answers: readonly DnsRecord[]): DnsAnswer {
  // A name that is there, but has nothing of the type (RFC 2308, 2.2).
  const authorities = answers.length === 0 ? [zoneRecord()] : []
  return { code: DNS_CODES.done, isAuthoritative: true, answers, authorities }
}

const NO_SUCH_NAME: DnsAnswer = {
  code: DNS_CODES.noSuchName,
  isAuthoritative: true,
  answers: [],
  authorities: [zoneRecord()],
}

function failed(code: number): DnsAnswer {
  return { code, isAuthoritative: false, answers: [], authorities: [] }
}

/** The address that a name of a reverse zone stands for (RFC 1035, 3.5; RFC 3596, 2.5), IPv6 as 32 digits. */
function reverseOf(name: string): string | undefined {
  const [, v4] = /^((?:[0-9]{1,3}\.){4})in-addr\.arpa$/.exec(name) ?? []
  if (v4 !== undefined) return v4.split('.').slice(0, 4).toReversed().join('.')
  const [, v6] = /^((?:[0-9a-f]\.){32})ip6\.arpa$/.exec(name) ?? []
  return v6?.split('.').slice(0, 32).toReversed().join('')
}

function isOfMesh(address: string, { ranges }: MeshMap): boolean {
  const range = rangeOf(ranges?.range ?? '')
  if (address.includes('.')) return range !== undefined && isIn(range, address)
  return ranges !== undefined && address.startsWith(digitsOf(ranges.prefix.replace(/\/48$/, '')).slice(0, 12))
}

function isSameAddress(one: string, other: string): boolean {
  return one.includes(':') ? digitsOf(one) === other : one === other
}

function digitsOf(address: string): string {
  return Buffer.from(bytesOfV6(address)).toString('hex')
}

function bytesOfV6(address: string): Uint8Array {
  const [head = '', tail = ''] = address.split('::')
  const start = head === '' ? [] : head.split(':')
  const end = tail === '' ? [] : tail.split(':')
  const zeros = Array<string>(Math.max(0, 8 - start.length - end.length)).fill('0')
  const words = [...start, ...zeros, ...end].slice(0, 8)
  return new Uint8Array(Buffer.from(words.map(word => word.padStart(4, '0')).join(''), 'hex'))
}

/** The zones that a resolver asks here: names, and addresses as far as the range ends at a dot. */
export function zonesOf(range: string): readonly string[] {
  const [address = '', bits = ''] = range.split('/')
  const parts = address.split('.').slice(0, Math.floor(Number(bits) / 8))
  return Number(bits) % 8 === 0 ? [ZONE, `${parts.toReversed().join('.')}.in-addr.arpa`] : [ZONE]
}
