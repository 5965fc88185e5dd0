import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MeshMap } from '../methods/mesh-map.ts'
import { peerChanges } from './changes.ts'
import { type PeerWish, wantedPeers } from './peers.ts'
import { readWireguard } from './state.ts'

const ranges = { range: '10.44.0.0/16', prefix: 'fd00:1:2::/48' }
const WISH: PeerWish = { via: undefined, endpoint: undefined, isFresh: false, isKeptOpen: true }

function place(number: number) {
  return {
    publicKey: `k${number}`,
    addresses: [`10.44.0.${number}`, `fd00:1:2::${number}`],
    endpoints: [`192.0.2.${number}:51820`],
  }
}

const map: MeshMap = {
  own: 'a',
  ranges,
  machines: ['a', 'b', 'c', 'd'].map((name, index) => ({ name, isController: index === 0, mesh: place(index + 1) })),
}

const NOTHING = readWireguard('priv\town\t51820\toff\n')

function dump(...rows: readonly string[]) {
  return readWireguard(['priv\town\t51820\toff', ...rows, ''].join('\n'))
}

test('what `wg` prints is read, without private keys', () => {
  const state = dump(
    'k2\t(none)\t192.0.2.2:51820\t10.44.0.2/32,10.44.128.2/32\t1700000000\t148\t92\t25',
    'k3\t(none)\t(none)\t(none)\t0\t0\t0\toff',
  )
  assert.equal(state.publicKey, 'own')
  assert.equal(state.listenPort, 51_820)
  assert.deepEqual(state.peers.get('k2'), {
    publicKey: 'k2',
    endpoint: '192.0.2.2:51820',
    allowedIps: ['10.44.0.2/32', '10.44.128.2/32'],
    handshakeSeconds: 1_700_000_000,
    rxBytes: 148,
    txBytes: 92,
    keepalive: 25,
  })
  assert.equal(state.peers.get('k3')?.endpoint, undefined)
  assert.ok(!JSON.stringify([state, ...state.peers]).includes('priv'))
  assert.equal(readWireguard('').peers.size, 0)
})

test('peers that are not there are made with all they need', () => {
  const wanted = wantedPeers(map, NOTHING, () => ({ ...WISH, endpoint: '192.0.2.2:51820' }))
  const first = peerChanges(NOTHING, wanted).join(' ')
  assert.match(
    first,
    /^peer k2 endpoint 192\.0\.2\.2:51820 persistent-keepalive 25 allowed-ips 10\.44\.0\.2\/32,10\.44\.128\.2\/32,fd00:1:2::2\/128 peer k3 /,
  )
})

test('what is right is not touched, and what roamed stays where it is', () => {
  const rows = [2, 3, 4].map(
    number =>
      `k${number}\t(none)\t198.51.100.9:${number}\t10.44.0.${number}/32,10.44.128.${number}/32,fd00:1:2::${number}/128\t1\t1\t1\t25`,
  )
  const state = dump(...rows)
  assert.deepEqual(
    peerChanges(
      state,
      wantedPeers(map, state, () => WISH),
    ),
    [],
  )
})

test('a relay gets the addresses of whom it carries for, and the direct address stays with its machine', () => {
  const wanted = wantedPeers(map, NOTHING, name => (name === 'b' ? { ...WISH, via: 'c' } : WISH))
  const ips = new Map(wanted.map(each => [each.publicKey, [...each.allowedIps].sort().join(' ')]))
  assert.equal(ips.get('k2'), '10.44.128.2/32')
  assert.equal(ips.get('k3'), '10.44.0.2/32 10.44.0.3/32 10.44.128.3/32 fd00:1:2::2/128 fd00:1:2::3/128')
})

test('an address is taken from one peer before another gets it', () => {
  const state = dump(
    ...[2, 3, 4].map(
      number =>
        `k${number}\t(none)\t(none)\t10.44.0.${number}/32,10.44.128.${number}/32,fd00:1:2::${number}/128\t1\t1\t1\t25`,
    ),
  )
  const words = peerChanges(
    state,
    wantedPeers(map, state, name => (name === 'c' ? { ...WISH, via: 'b' } : WISH)),
  )
  assert.ok(words.indexOf('k3') < words.indexOf('k2'), words.join(' '))
  assert.deepEqual(words.slice(0, 4), ['peer', 'k3', 'allowed-ips', '10.44.128.3/32'])
})

test('who has gone is removed, and one that begins anew is removed and made', () => {
  const state = dump('gone\t(none)\t(none)\t(none)\t0\t0\t0\toff', 'k2\t(none)\t(none)\t(none)\t0\t0\t0\t25')
  const fresh = { ...WISH, endpoint: '192.0.2.2:1', isFresh: true }
  const words = peerChanges(
    state,
    wantedPeers({ ...map, machines: map.machines.slice(0, 2) }, state, () => fresh),
  ).join(' ')
  assert.match(
    words,
    /^peer gone remove peer k2 remove peer k2 endpoint 192\.0\.2\.2:1 persistent-keepalive 25 allowed-ips /,
  )
})

test('a next key is taken beside the other, and has the addresses as soon as it is used', () => {
  const [own, b] = map.machines
  const changing: MeshMap = { ...map, machines: [own, b].flatMap(each => (each === undefined ? [] : [each])) }
  const next = { ...place(2), nextPublicKey: 'n2' }
  const rotating = {
    ...changing,
    machines: changing.machines.map(each => (each.name === 'b' ? { ...each, mesh: next } : each)),
  }
  const before = wantedPeers(rotating, NOTHING, () => WISH)
  assert.deepEqual(
    before.map(each => [each.publicKey, each.allowedIps.length]),
    [
      ['k2', 3],
      ['n2', 0],
    ],
  )
  const used = dump('k2\t(none)\t(none)\t(none)\t100\t0\t0\t25', 'n2\t(none)\t(none)\t(none)\t101\t0\t0\toff')
  assert.deepEqual(
    wantedPeers(rotating, used, () => WISH).map(each => [each.publicKey, each.allowedIps.length]),
    [
      ['k2', 0],
      ['n2', 3],
    ],
  )
})
