import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MeshStatus } from '#mesh'
import { meshText } from './mesh.ts'

const none: MeshStatus = { provider: 'none', nat: 'unknown', names: 'none', isRotating: false, machines: [] }

test('where there is no mesh it is said why, and what to do', () => {
  const text = meshText({ ...none, problem: 'programs are missing: wireguard-tools', remedy: 'Install it.' })
  assert.equal(text, 'no mesh: programs are missing: wireguard-tools\nhint: Install it.\n')
})

test('each machine is shown with the way to it', () => {
  const bytes = { rxBytes: 2048, txBytes: 0 }
  const text = meshText({
    ...none,
    provider: 'wireguard',
    interface: 'cairn0',
    engine: 'kernel',
    range: '10.44.0.0/16',
    problem: 'the range clashes',
    machines: [
      { name: 'a', address: '10.44.0.1', path: 'this machine', ...bytes },
      { name: 'b', address: '10.44.0.2', path: 'relayed', via: 'c', rttMs: 7, lossPercent: 5, score: 72, ...bytes },
    ],
  })
  assert.match(text, /^cairn0 \(kernel\), 10\.44\.0\.0\/16, NAT unknown, names by none\nwarning: the range clashes\n/)
  assert.match(text, /\nb +10\.44\.0\.2 +via c +7 ms +5 % +0\.72 +- +2\.0 KiB \/ 0 B/)
})
