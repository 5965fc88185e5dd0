/** True for an IPv4 address as four numbers (RFC 791). */
export function isIPv4(text: string): boolean {
  const parts = text.split('.')
  return parts.length === 4 && parts.every(part => /^(?:0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255)
}

/** True for an IPv6 address as text, without zone (RFC 4291, section 2.2). */
export function isIPv6(text: string): boolean {
  const halves = text.split('::')
  if (halves.length > 2 || !text.includes(':')) return false
  const groups = halves.flatMap(half => (half === '' ? [] : half.split(':')))
  const last = groups.at(-1) ?? ''
  const isMixed = last.includes('.')
  if (isMixed && !isIPv4(last)) return false
  const words = isMixed ? groups.slice(0, -1) : groups
  const count = words.length + (isMixed ? 2 : 0)
  const isFull = halves.length === 2 ? count < 8 : count === 8
  return isFull && words.every(word => /^[0-9a-fA-F]{1,4}$/.test(word))
}

/** True for an address with the length of its network's part, such as `10.0.0.0/8` (RFC 4632). */
export function isCidr(text: string): boolean {
  const [address = '', bits = '', ...rest] = text.split('/')
  if (rest.length > 0 || !/^(?:0|[1-9][0-9]{0,2})$/.test(bits)) return false
  return (isIPv4(address) && Number(bits) <= 32) || (isIPv6(address) && Number(bits) <= 128)
}

/** Why an address is none of a service or its endpoints: it means the machine itself, or its link, or many. */
export function specialAddressProblem(address: string): string | undefined {
  const text = address.toLowerCase()
  const isUnspecified = text === '0.0.0.0' || text === '::'
  if (isUnspecified) return `may not be unspecified (${address})`
  if (text.startsWith('127.') || text === '::1') return 'may not be in the loopback range (127.0.0.0/8, ::1/128)'
  if (text.startsWith('169.254.') || /^fe[89ab][0-9a-f]:/.test(text)) {
    return 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'
  }
  if (text.startsWith('224.0.0.') || /^ff[0-9a-f]2:/.test(text)) {
    return 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'
  }
  return undefined
}
