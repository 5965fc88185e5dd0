/** A name as its labels; a label may hold dots. */
export type DnsName = readonly string[]

/** What is asked for. */
export interface DnsQuestion {
  readonly name: DnsName
  readonly type: number
}

/** What is said of a name; other kinds of records are passed over. */
export type DnsRecord = { readonly name: DnsName } & (
  | { readonly kind: 'PTR'; readonly to: DnsName }
  | { readonly kind: 'SRV'; readonly port: number; readonly host: DnsName }
  | { readonly kind: 'TXT'; readonly words: readonly string[] }
  | { readonly kind: 'A'; readonly address: string }
)

/** A message of DNS (RFC 1035, 4.1), as far as services are found with it (RFC 6763). */
export interface DnsMessage {
  readonly id: number
  readonly isAnswer: boolean
  readonly questions: readonly DnsQuestion[]
  readonly records: readonly DnsRecord[]
}

/** Types of records (RFC 1035, 3.2.2; RFC 2782); any of them is asked for by 255. */
export const TYPES = { A: 1, PTR: 12, TXT: 16, SRV: 33, ANY: 255 } as const

const INTERNET = 1
const HEADER_BYTES = 12
const ANSWER_FLAGS = 0x8400 // an answer, with authority
// One-shot questions may be answered for ten seconds at most (RFC 6762, 6.7).
const LIFE_SECONDS = 10
const NAME_BYTES_MAX = 255
const RECORDS_MAX = 64

/** The bytes of a message; names are not compressed. */
export function encodeDns({ id, isAnswer, questions, records }: DnsMessage): Uint8Array {
  const header = Buffer.alloc(HEADER_BYTES)
  for (const [at, value] of [id, isAnswer ? ANSWER_FLAGS : 0, questions.length, records.length].entries()) {
    header.writeUInt16BE(value, 2 * at)
  }
  const asked = questions.map(({ name, type }) => Buffer.concat([nameBytes(name), words(type, INTERNET)]))
  return Buffer.concat([header, ...asked, ...records.map(recordBytes)])
}

/** Reads a message; undefined when it is none. Whatever comes, it takes time and memory in proportion to its bytes. */
export function decodeDns(bytes: Uint8Array): DnsMessage | undefined {
  try {
    return new DnsReader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)).message()
  } catch (error) {
    // Reading beyond the end, and what does not hold.
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function recordBytes(record: DnsRecord): Buffer {
  const data = dataBytes(record)
  const life = Buffer.alloc(4)
  life.writeUInt32BE(LIFE_SECONDS)
  return Buffer.concat([nameBytes(record.name), words(TYPES[record.kind], INTERNET), life, words(data.length), data])
}

function dataBytes(record: DnsRecord): Buffer {
  if (record.kind === 'PTR') return nameBytes(record.to)
  if (record.kind === 'SRV') return Buffer.concat([words(0, 0, record.port), nameBytes(record.host)])
  if (record.kind === 'A') return Buffer.from(record.address.split('.').map(Number))
  return Buffer.concat(record.words.map(textBytes))
}

function nameBytes(name: DnsName): Buffer {
  return Buffer.concat([...name.map(textBytes), Buffer.from([0])])
}

function textBytes(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8')
  return Buffer.concat([Buffer.from([bytes.length]), bytes])
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length)
  for (const [at, value] of values.entries()) bytes.writeUInt16BE(value, 2 * at)
  return bytes
}

/** Goes through the bytes of a message. Throws RangeError when it is none. */
class DnsReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  message(): DnsMessage {
    const [id, flags, questionCount, ...counts] = [this.#word(), this.#word(), this.#word(), ...this.#words(3)]
    const recordCount = counts.reduce((sum, count) => sum + count, 0)
    if (questionCount + recordCount > RECORDS_MAX) throw new RangeError('more than any machine says of services')
    const questions = Array.from({ length: questionCount }, () => this.#question())
    const records = Array.from({ length: recordCount }, () => this.#record()).filter(record => record !== undefined)
    return { id, isAnswer: (flags & 0x8000) !== 0, questions, records }
  }

  #question(): DnsQuestion {
    const [name, type] = [this.#name(), this.#word()]
    this.#word() // its class, and whether it would like the answer alone
    return { name, type }
  }

  #record(): DnsRecord | undefined {
    const [name, type] = [this.#name(), this.#word()]
    this.#words(3) // class and life
    const end = this.#word() + this.#at
    if (end > this.#bytes.length) throw new RangeError('a record beyond the end')
    const record = this.#data(name, type, end)
    this.#at = end
    return record
  }

  #data(name: DnsName, type: number, end: number): DnsRecord | undefined {
    if (type === TYPES.PTR) return { name, kind: 'PTR', to: this.#name() }
    if (type === TYPES.SRV) {
      const [, , port = 0] = this.#words(3)
      return { name, kind: 'SRV', port, host: this.#name() }
    }
    if (type === TYPES.A) return { name, kind: 'A', address: this.#bytes.subarray(this.#at, this.#at + 4).join('.') }
    if (type !== TYPES.TXT) return undefined
    const texts: string[] = []
    while (this.#at < end) texts.push(this.#text())
    return { name, kind: 'TXT', words: texts }
  }

  // A pointer leads back only (RFC 1035, 4.1.4): so it ends.
  #name(): DnsName {
    const labels: string[] = []
    let bytes = 0
    let behind: number | undefined
    for (;;) {
      const start = this.#at
      const length = this.#byte()
      if (length >= 0xc0) {
        const target = ((length & 0x3f) << 8) | this.#byte()
        if (target >= start) throw new RangeError('a name that leads onwards')
        behind ??= this.#at
        this.#at = target
        continue
      }
      if (length > 63) throw new RangeError('no length of a label')
      if (length === 0) break
      this.#at = start
      labels.push(this.#text())
      bytes += length + 1
      if (bytes > NAME_BYTES_MAX) throw new RangeError('a name that is too long')
    }
    if (behind !== undefined) this.#at = behind
    return labels
  }

  #text(): string {
    const length = this.#byte()
    const end = this.#at + length
    if (end > this.#bytes.length) throw new RangeError('a text beyond the end')
    const text = this.#bytes.toString('utf8', this.#at, end)
    this.#at = end
    return text
  }

  #words(count: number): readonly number[] {
    return Array.from({ length: count }, () => this.#word())
  }

  #word(): number {
    const value = this.#bytes.readUInt16BE(this.#at)
    this.#at += 2
    return value
  }

  #byte(): number {
    const value = this.#bytes.readUInt8(this.#at)
    this.#at += 1
    return value
  }
}
