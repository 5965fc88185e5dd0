import assert from 'node:assert/strict'
import { test } from 'node:test'
import { networkOf } from './sender.ts'

test('one sender is an IPv4 address, however it is written, or 64 bits of an IPv6 address', () => {
  for (const [address, network] of [
    [undefined, ''],
    ['10.0.0.1', '10.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::1', '0:0:0:0::/64'],
    ['2001:db8:0:7::1', '2001:db8:0:7::/64'],
    ['2001:DB8:0:7:ffff:ffff:ffff:ffff', '2001:db8:0:7::/64'],
    ['2001:0db8:0000:0007:1:2:3:4', '2001:db8:0:7::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8:0:8::1', '2001:db8:0:8::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['fe80::', 'fe80:0:0:0::/64'],
  ] as const) {
    assert.equal(networkOf(address), network, address)
  }
})
