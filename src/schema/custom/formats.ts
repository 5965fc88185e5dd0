/**
 * Whether a text is of a format that schemas may name (k8s.io/kube-openapi/pkg/validation/strfmt); true for formats that are
 * not known here, as upstream has it.
 */
export function isOfFormat(format: string, text: string): boolean {
  const test = FORMATS[format.replaceAll('-', '').toLowerCase()]
  return test === undefined || (text.length <= FORMAT_CHARS_MAX && test(text))
}

const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  datetime: isDateTime,
  date: isDate,
  duration: text => DURATION.test(text),
  byte: text => /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0,
  uri: text => /^(?:[A-Za-z][A-Za-z0-9+.-]*:\S+|\/\S*)$/.test(text),
  email: text => /^[^\s@<>]{1,64}@[^\s@<>]{1,255}$/.test(text) || /^[^<>]*<[^\s@<>]{1,64}@[^\s@<>]{1,255}>$/.test(text),
  hostname: isHostname,
  ipv4: isIpv4,
  ipv6: isIpv6,
  cidr: isCidr,
  mac: text => MAC.test(text),
  uuid: text => /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(text),
  uuid3: text => /^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(text),
  uuid4: text => /^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i.test(text),
  uuid5: text => /^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i.test(text),
  bsonobjectid: text => /^[0-9a-f]{24}$/i.test(text),
  hexcolor: text => /^#?(?:[0-9a-f]{3}|[0-9a-f]{6})$/i.test(text),
  rgbcolor: isRgbColor,
}

function isDateTime(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/.test(text) && isDay(text)
}

function isDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && isDay(text)
}

function isDay(text: string): boolean {
  const time = Date.parse(text.length === 10 ? `${text}T00:00:00Z` : text)
  if (Number.isNaN(time)) return false
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`)
  return !Number.isNaN(day.getTime()) && day.toISOString().slice(0, 10) === text.slice(0, 10)
}

function isHostname(text: string): boolean {
  return (
    text.length <= 255 && text.split('.').every(label => /^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$/.test(label))
  )
}

function isIpv4(text: string): boolean {
  const parts = text.split('.')
  return parts.length === 4 && parts.every(part => /^(?:0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255)
}

function isIpv6(text: string): boolean {
  const [head = '', tail, ...more] = text.split('::')
  if (more.length > 0 || !text.includes(':')) return false
  const groups = [...groupsOf(head), ...groupsOf(tail ?? '')]
  const last = groups.at(-1) ?? ''
  const isMapped = last.includes('.')
  const count = groups.length + (isMapped ? 1 : 0)
  const hex = isMapped ? groups.slice(0, -1) : groups
  const isGood = hex.every(group => /^[0-9A-Fa-f]{1,4}$/.test(group)) && (!isMapped || isIpv4(last))
  return isGood && (tail === undefined ? count === 8 : count < 8)
}

function groupsOf(text: string): readonly string[] {
  return text === '' ? [] : text.split(':')
}

function isCidr(text: string): boolean {
  const [address = '', bits = '', ...more] = text.split('/')
  if (more.length > 0 || !/^[0-9]{1,3}$/.test(bits)) return false
  return (isIpv4(address) && Number(bits) <= 32) || (isIpv6(address) && Number(bits) <= 128)
}

function isRgbColor(text: string): boolean {
  const parts = /^rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)$/.exec(text)?.slice(1)
  return parts?.every(part => Number(part) <= 255) === true
}

const DURATION =
  /^(?:0|[+-]?(?:[0-9]+(?:\.[0-9]*)? ?(?:ns|us|µs|μs|ms|s|m|h|d|w|(?:nano|micro|milli)?seconds?|minutes?|hours?|days?|weeks?) ?)+)$/
const MAC =
  /^(?:[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}(?:(?:[:-][0-9A-Fa-f]{2}){2})?|[0-9A-Fa-f]{4}(?:\.[0-9A-Fa-f]{4}){2})$/
const FORMAT_CHARS_MAX = 4096
