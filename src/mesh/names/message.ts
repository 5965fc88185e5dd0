/** A question of DNS (RFC 1035, 4.1). */
export interface Question {
  readonly id: number
  readonly opcode: number
  readonly isRecursionDesired: boolean
  /** In lower case, without the last dot. */
  readonly name: string
  readonly type: number
  readonly dnsClass: number
  /** The question as it came, which goes into the answer. */
  readonly bytes: Uint8Array
}

/** A record of an answer. */
export interface DnsRecord {
  /** `question`: of the name that was asked for; `zone`: of the zone it is in. */
  readonly of: 'question' | 'zone'
  readonly type: number
  readonly content: Uint8Array
}

/** What is answered. */
export interface DnsAnswer {
  readonly code: number
  readonly isAuthoritative: boolean
  readonly answers: readonly DnsRecord[]
  readonly authorities: readonly DnsRecord[]
}

/** Types of records and codes of answers that are used here (RFC 1035, 3596). */
export const DNS_TYPES = { a: 1, soa: 6, ptr: 12, aaaa: 28, any: 255 } as const
export const DNS_CODES = { done: 0, badFormat: 1, noSuchName: 3, notImplemented: 4, refused: 5 } as const

const HEAD_BYTES = 12
const LABEL_BYTES_MAX = 63
const NAME_BYTES_MAX = 255
const TTL_SECONDS = 5

/**
 * Reads a question from anybody. Undefined: nothing that has to be answered, such as an answer; `bad`: an answer says that
 * it cannot be read.
 */
export function readQuestion(bytes: Uint8Array): Question | { readonly kind: 'bad'; readonly id: number } | undefined {
  if (bytes.byteLength < HEAD_BYTES) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const [id, flags] = [view.getUint16(0), view.getUint16(2)]
  if (flags >= IS_ANSWER) return undefined
  const name = view.getUint16(4) === 1 ? readName(bytes, HEAD_BYTES) : undefined
  if (name === undefined || name.end + 4 > bytes.byteLength) return { kind: 'bad', id }
  return {
    id,
    opcode: (flags >> 11) & 15,
    isRecursionDesired: (flags & RECURSION_DESIRED) !== 0,
    name: name.text.toLowerCase(),
    type: view.getUint16(name.end),
    dnsClass: view.getUint16(name.end + 2),
    bytes: bytes.slice(HEAD_BYTES, name.end + 4),
  }
}

const IS_ANSWER = 0x8000
const AUTHORITATIVE = 0x0400
const RECURSION_DESIRED = 0x0100

// Labels only: nobody has a reason to point into a question.
function readName(bytes: Uint8Array, at: number): { readonly text: string; readonly end: number } | undefined {
  const labels: string[] = []
  let position = at
  for (;;) {
    const count = bytes[position]
    if (count === undefined || count > LABEL_BYTES_MAX) return undefined
    const end = position + 1 + count
    if (end > bytes.byteLength || end - at > NAME_BYTES_MAX) return undefined
    if (count === 0) return { text: labels.join('.'), end }
    const label = bytes.subarray(position + 1, end)
    // A dot or a sign in a label is of no name that is known here; as one it must not look like two.
    labels.push(String.fromCharCode(...label.map(byte => (byte === 46 || byte < 33 || byte > 126 ? 63 : byte))))
    position = end
  }
}

/** The answer to a question, or to what is none; at most 512 bytes, as every resolver takes them. */
export function answerBytes(
  question: Question | { readonly kind: 'bad'; readonly id: number },
  { code, isAuthoritative, answers, authorities }: DnsAnswer,
): Uint8Array {
  const isQuestion = 'bytes' in question
  const asked = isQuestion ? question.bytes : new Uint8Array(0)
  const head = new Uint8Array(HEAD_BYTES)
  const view = new DataView(head.buffer)
  const opcode = isQuestion ? question.opcode << 11 : 0
  const desired = isQuestion && question.isRecursionDesired ? RECURSION_DESIRED : 0
  view.setUint16(0, question.id)
  view.setUint16(2, IS_ANSWER | opcode | (isAuthoritative ? AUTHORITATIVE : 0) | desired | code)
  view.setUint16(4, isQuestion ? 1 : 0)
  view.setUint16(6, answers.length)
  view.setUint16(8, authorities.length)
  return joined([head, asked, ...[...answers, ...authorities].map(recordBytes)])
}

function recordBytes({ of, type, content }: DnsRecord): Uint8Array {
  const name = of === 'question' ? Uint8Array.of(0xc0, HEAD_BYTES) : nameBytes(ZONE)
  const fixed = new Uint8Array(10)
  const view = new DataView(fixed.buffer)
  view.setUint16(0, type)
  view.setUint16(2, 1)
  view.setUint32(4, TTL_SECONDS)
  view.setUint16(8, content.byteLength)
  return joined([name, fixed, content])
}

/** The zone in which machines are. */
export const ZONE = 'cairn.internal'

/** A name as it is in a message. */
export function nameBytes(name: string): Uint8Array {
  const labels = name.split('.').map(label => Buffer.from(label, 'latin1'))
  return joined([...labels.flatMap(label => [Uint8Array.of(label.byteLength), label]), Uint8Array.of(0)])
}

/** Who is responsible for the zone (RFC 1035, 3.3.13), so that resolvers know how long nothing is known: TTL_SECONDS. */
export function zoneRecord(): DnsRecord {
  const times = new Uint8Array(20)
  const view = new DataView(times.buffer)
  for (const [index, seconds] of [1, 3600, 600, 86_400, TTL_SECONDS].entries()) view.setUint32(4 * index, seconds)
  const content = joined([nameBytes(ZONE), nameBytes(`hostmaster.${ZONE}`), times])
  return { of: 'zone', type: DNS_TYPES.soa, content }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}
