import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { MeshMap } from '../methods/mesh-map.ts'
import { answerName, zonesOf } from './answer.ts'
import { nameBytes } from './message.ts'
import { withNameServer, withoutNameServer } from './resolv-conf.ts'

const map: MeshMap = {
  own: 'attic',
  ranges: { range: '10.44.0.0/16', prefix: 'fd00:1:2::/48' },
  machines: [
    { name: 'attic', isController: true, mesh: { addresses: ['10.44.0.1', 'fd00:1:2::1'], endpoints: [] } },
    { name: 'nas.home', isController: false, mesh: { addresses: ['10.44.0.2', 'fd00:1:2::2'], endpoints: [] } },
    { name: 'off', isController: false },
  ],
}

function ask(name: string, type: number, flags = 0x01_00, dnsClass = 1): Uint8Array {
  const tail = [type >> 8, type & 255, dnsClass >> 8, dnsClass & 255]
  return Buffer.concat([
    Uint8Array.of(0xab, 0xcd, flags >> 8, flags & 255, 0, 1, 0, 0, 0, 0, 0, 0),
    nameBytes(name),
    Uint8Array.from(tail),
  ])
}

function answer(name: string, type: number) {
  const bytes = Buffer.from(answerName(ask(name, type), map) ?? [])
  return { code: bytes.readUInt16BE(2) & 15, answers: bytes.readUInt16BE(6), hex: bytes.toString('hex') }
}

const [A, PTR, AAAA, TXT] = [1, 12, 28, 16]

test('machines are found by name, in either case, and by address', () => {
  assert.match(answer('attic.cairn.internal', A).hex, /^abcd8500.*c00c000100010000000500040a2c0001$/)
  assert.match(answer('NAS.home.CAIRN.internal', AAAA).hex, /c00c001c0001000000050010fd000001000200000000000000000002$/)
  assert.match(
    answer('2.0.44.10.in-addr.arpa', PTR).hex,
    new RegExp(`${Buffer.from(nameBytes('nas.home.cairn.internal')).toString('hex')}$`),
  )
  const reverse = `2.${'0.'.repeat(19)}2.0.0.0.1.0.0.0.0.0.d.f.ip6.arpa`
  assert.equal(answer(reverse, PTR).answers, 1)
})

test('what is not there is said to be not there, and of other zones nothing is known', () => {
  assert.deepEqual([answer('nobody.cairn.internal', A).code, answer('off.cairn.internal', A).code], [3, 3])
  assert.equal(answer('9.0.44.10.in-addr.arpa', PTR).code, 3)
  assert.deepEqual([answer('attic.cairn.internal', TXT).code, answer('attic.cairn.internal', TXT).answers], [0, 0])
  assert.equal(answer('cairn.internal', A).code, 0)
  for (const name of ['example.org', 'notcairn.internal', '1.0.45.10.in-addr.arpa', 'internal']) {
    assert.equal(answer(name, A).code, 5, name)
  }
})

test('what is no question gets no answer, and what cannot be read is said to be so', () => {
  assert.equal(answerName(new Uint8Array(11), map), undefined)
  assert.equal(answerName(ask('attic.cairn.internal', A, 0x81_00), map), undefined)
  const code = (bytes: Uint8Array) => (answerName(bytes, map)?.[3] ?? 255) & 15
  assert.equal(code(ask('attic.cairn.internal', A).subarray(0, 20)), 1)
  assert.equal(code(ask('attic.cairn.internal', A, 0x28_00)), 4)
  assert.equal(code(ask('attic.cairn.internal', A, 0, 3)), 5)
})

test('whatever is sent, answers are short and nothing breaks', () => {
  const damaged = fc.tuple(fc.nat(40), fc.nat(255)).map(([at, byte]) => {
    const bytes = Uint8Array.from(ask('attic.cairn.internal', A))
    bytes[at % bytes.length] = byte
    return bytes
  })
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 600 }), damaged), bytes => {
      const answered = answerName(bytes, map)
      assert.ok(
        answered === undefined || (answered.byteLength <= 512 && answered[0] === bytes[0] && answered[1] === bytes[1]),
      )
    }),
    { numRuns: 2_000 },
  )
})

test('a resolver asks here for names, and for addresses where the range ends at a dot', () => {
  assert.deepEqual(zonesOf('10.44.0.0/16'), ['cairn.internal', '44.10.in-addr.arpa'])
  assert.deepEqual(zonesOf('10.44.0.0/17'), ['cairn.internal'])
})

test('resolv.conf is as it was when the server is taken out of it again', () => {
  const before = 'search lan\nnameserver 192.168.1.1\n'
  const with1 = withNameServer(before, '10.44.0.1')
  assert.match(with1, /^# cairn mesh: begin.*\nnameserver 10\.44\.0\.1\n# cairn mesh: end\nsearch lan\n/)
  assert.equal(withoutNameServer(with1), before)
  assert.equal(withoutNameServer(withNameServer(with1, '10.44.0.9')), before)
  assert.equal(withoutNameServer(before), before)
  assert.equal(withoutNameServer(with1.replace('# cairn mesh: end\n', '')), before)
})
