import { socketOf } from './peer.ts'

/** Where a request comes from. */
export interface Sender {
  /** As the machine says it; undefined inside this process. */
  readonly address: string | undefined
  /** What is counted as one sender; see {@link networkOf}. */
  readonly network: string
}

/** Reads where a request comes from off its connection. */
export function senderOf(connection: unknown): Sender {
  const address = socketOf(connection)?.remoteAddress
  return { address, network: networkOf(address) }
}

/**
 * What one sender has for himself: an IPv4 address, or the first 64 bits of an IPv6 address, of which any machine has all the
 * rest (RFC 4291, section 2.5.4). An IPv4 address written as IPv6 is the same.
 */
export function networkOf(address: string | undefined): string {
  if (address === undefined) return ''
  const [text = ''] = address.split('%')
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text) ?? []
  if (mapped !== undefined) return mapped
  if (!text.includes(':')) return text
  const [before = '', behind] = text.toLowerCase().split('::')
  const groups = before === '' ? [] : before.split(':')
  const last = behind === undefined || behind === '' ? [] : behind.split(':')
  const zeros = behind === undefined ? [] : Array<string>(Math.max(8 - groups.length - last.length, 0)).fill('0')
  const all = [...groups, ...zeros, ...last].map(group => group.replace(/^0+(?=.)/, ''))
  return `${all.slice(0, 4).join(':')}::/64`
}
