import assert from 'node:assert/strict'
import type { NetworkInterfaceInfo } from 'node:os'
import { test } from 'node:test'
import { array, assert as holds, property, uint8Array } from 'fast-check'
import { decodeDns, encodeDns, TYPES } from './dns-message.ts'
import { discoveryAnswer, discoveryNetworks, discoveryQuestion, networkWith, readDiscovery } from './service.ts'

const announced = { name: 'attic.home', fingerprint: 'F'.repeat(43), port: 7443 }

test('a controller says its name, its port and its cloud to who asks for controllers, and nothing else', () => {
  const answer = discoveryAnswer(discoveryQuestion(7), announced, '10.0.0.5')
  assert.ok(answer !== undefined)
  const { name, fingerprint } = announced
  assert.deepEqual(readDiscovery(answer, 7, '10.0.0.5'), { name, fingerprint, address: '10.0.0.5:7443' })
  const told = decodeDns(answer)
  assert.deepEqual(
    told?.records.map(({ kind }) => kind),
    ['PTR', 'SRV', 'TXT', 'A'],
  )
  assert.deepEqual(
    told?.records.find(({ kind }) => kind === 'TXT'),
    {
      name: ['attic.home', '_cairn', '_tcp', 'local'],
      kind: 'TXT',
      words: [`fp=${fingerprint}`],
    },
  )
})

test('other questions, answers and bytes of whatever kind are not answered', () => {
  const other = encodeDns({
    id: 1,
    isAnswer: false,
    questions: [{ name: ['_http', '_tcp', 'local'], type: 12 }],
    records: [],
  })
  const answer = discoveryAnswer(discoveryQuestion(7), announced, '10.0.0.5') ?? new Uint8Array()
  for (const bytes of [other, answer, new Uint8Array(), answer.subarray(0, 20)]) {
    assert.equal(discoveryAnswer(bytes, announced, '10.0.0.5'), undefined)
  }
  const upper = { name: ['_CAIRN', '_tcp', 'Local'], type: TYPES.ANY }
  const loud = encodeDns({ id: 1, isAnswer: false, questions: [upper], records: [] })
  assert.ok(discoveryAnswer(loud, announced, '10.0.0.5') !== undefined)
})

test('an answer to another question, or with what no controller says, is none', () => {
  const answerOf = (more: Partial<typeof announced>) =>
    discoveryAnswer(discoveryQuestion(7), { ...announced, ...more }, '10.0.0.5') ?? new Uint8Array()
  assert.equal(readDiscovery(answerOf({}), 8, '10.0.0.5'), undefined)
  for (const more of [{ fingerprint: 'short' }, { port: 0 }, { name: 'Two words' }, { name: '\u001b[2J' }]) {
    assert.equal(readDiscovery(answerOf(more), 7, '10.0.0.5'), undefined)
  }
})

test('names that point back are read, and those that never end are not', () => {
  const header = [0, 7, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0]
  const name = [1, 97, 0]
  const rest = [0, 12, 0, 1, 0, 0, 0, 10]
  const pointing = (to: number) => decodeDns(Uint8Array.from([...header, ...name, ...rest, 0, 4, 1, 98, 0xc0, to]))
  assert.deepEqual(pointing(12)?.records, [{ name: ['a'], kind: 'PTR', to: ['b', 'a'] }])
  for (const to of [25, 27, 200]) assert.equal(pointing(to), undefined)
})

test('whatever bytes come are read or are not, and nothing breaks', () => {
  holds(property(uint8Array({ maxLength: 200 }), bytes => void decodeDns(bytes)))
  const answer = discoveryAnswer(discoveryQuestion(7), announced, '10.0.0.5') ?? new Uint8Array()
  holds(
    property(array(uint8Array({ minLength: 2, maxLength: 2 }), { maxLength: 5 }), changes => {
      const bytes = answer.slice()
      for (const [at = 0, value = 0] of changes) bytes[at % bytes.length] = value
      readDiscovery(bytes, 7, '10.0.0.5')
    }),
  )
})

test('a network is found by an address on it', () => {
  const info = (address: string, netmask: string, internal = false): NetworkInterfaceInfo => {
    return { address, netmask, family: 'IPv4', mac: '', internal, cidr: null }
  }
  const networks = discoveryNetworks({
    lo: [info('127.0.0.1', '255.0.0.0', true)],
    lan: [info('192.168.1.7', '255.255.255.0')],
    wide: [info('10.0.0.7', '255.0.0.0')],
    none: undefined,
  })
  assert.equal(networkWith(networks, '192.168.1.200')?.address, '192.168.1.7')
  assert.equal(networkWith(networks, '10.99.1.1')?.address, '10.0.0.7')
  assert.equal(networkWith(networks, '192.168.2.1'), undefined)
  assert.equal(networkWith(networks, '127.0.0.1'), undefined)
})
