import assert from 'node:assert/strict'
import { test } from 'node:test'
import { providerOf } from './words.ts'

const words = (provider: string, range?: string) => ({ provider, range, isResolvConf: false })

test('--mesh is WireGuard, nothing, or an interface that is there', () => {
  assert.deepEqual(providerOf(words('wireguard')), { kind: 'wireguard' })
  assert.deepEqual(providerOf(words('none')), { kind: 'none' })
  assert.deepEqual(providerOf(words('interface:tailscale0')), { kind: 'interface', name: 'tailscale0' })
  for (const bad of ['', 'wireguard ', 'interface:', 'interface:a/b', 'interface:sixteencharacters']) {
    assert.throws(() => providerOf(words(bad)), { code: 'BadMeshWords' }, bad)
  }
})

test('--mesh-range is a range that machines fit in', () => {
  assert.deepEqual(providerOf(words('wireguard', '10.60.0.0/16')), { kind: 'wireguard' })
  assert.throws(() => providerOf(words('wireguard', '10.60.1.0/16')), { code: 'BadMeshWords' })
})
