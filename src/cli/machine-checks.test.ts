import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type MachineFacts, machineChecks } from './machine-checks.ts'

const GIB = 1024 ** 3

const well: MachineFacts = {
  node: '24.21.0',
  kernel: '6.12.3-amd64',
  isRoot: false,
  fuseError: undefined,
  fusermount: { path: '/usr/bin/fusermount3', isSetuid: true },
  dataFolder: {
    path: '/srv/cairn',
    found: { isDirectory: true, mode: 0o700 },
    version: 'cairn-data 1\n',
    closed: undefined,
  },
  space: { under: '/srv', freeBytes: 50 * GIB, totalBytes: 100 * GIB, isOwn: false },
  nowMs: Date.UTC(2026, 10, 21),
  mounts: [{ path: '/mnt/cairn', state: 'answers' }],
}

test('a machine that is well passes every check without a remedy', () => {
  const checks = machineChecks(well, ['/mnt/cairn'])
  assert.equal(checks.length, 8)
  for (const check of checks) assert.deepEqual([check.state, check.remedy], ['ok', undefined], check.name)
})

test('what is not there yet, or root does not need, is well too', () => {
  const facts = { ...well, isRoot: true, fusermount: undefined, mounts: [] }
  const fresh = machineChecks(
    { ...facts, dataFolder: { ...well.dataFolder, found: undefined, version: undefined } },
    [],
  )
  for (const check of fresh) assert.equal(check.state, 'ok', check.name)
})

const ills: readonly [string, Partial<MachineFacts>, string, 'warn' | 'fail', RegExp][] = [
  ['an old Node', { node: '22.1.0' }, 'node', 'fail', /npm start/],
  ['a kernel that cannot send requests again', { kernel: '6.8.0' }, 'kernel', 'warn', /6\.9/],
  ['an ancient kernel', { kernel: '5.10.0-28-amd64' }, 'kernel', 'warn', /6\.9/],
  ['a missing FUSE device', { fuseError: 'ENOENT' }, '/dev/fuse', 'fail', /modprobe fuse/],
  ['a FUSE device of others', { fuseError: 'EACCES' }, '/dev/fuse', 'fail', /chmod 0666/],
  ['a missing fusermount3', { fusermount: undefined }, 'fusermount3', 'fail', /apt-get install .*fuse3/],
  ['a fusermount3 without setuid', { fusermount: { path: '/f', isSetuid: false } }, 'fusermount3', 'fail', /u\+s \/f/],
  [
    'an open data folder',
    { dataFolder: { ...well.dataFolder, path: '/d', found: { isDirectory: true, mode: 0o755 } } },
    'data folder',
    'fail',
    /chmod 700 \/d/,
  ],
  [
    'a data folder that is a file',
    { dataFolder: { ...well.dataFolder, found: { isDirectory: false, mode: 0o600 } } },
    'data folder',
    'fail',
    /--data/,
  ],
  [
    'a data folder of a newer Cairn',
    { dataFolder: { ...well.dataFolder, version: 'cairn-data 9\n' } },
    'data folder',
    'fail',
    /Update Cairn/,
  ],
  [
    'a data folder without a version that can be read',
    { dataFolder: { ...well.dataFolder, version: 'cairn' } },
    'data folder',
    'fail',
    /restore it/,
  ],
  [
    'a read-only data folder',
    { dataFolder: { ...well.dataFolder, closed: '/srv/cairn: EROFS: read-only file system' } },
    'data folder',
    'fail',
    /read and write/,
  ],
  [
    'a small rest',
    { space: { under: '/', freeBytes: GIB, totalBytes: 8 * GIB, isOwn: false } },
    'disk space',
    'warn',
    /room/,
  ],
  [
    'a full disk',
    { space: { under: '/', freeBytes: 3 * GIB, totalBytes: 100 * GIB, isOwn: false } },
    'disk space',
    'warn',
    /room/,
  ],
  ['a clock that lost its battery', { nowMs: 0 }, 'clock', 'fail', /timedatectl/],
  ['a dead mount', { mounts: [{ path: '/m', state: 'is dead' }] }, 'mounts', 'fail', /umount -l \/m/],
  ['a hanging mount', { mounts: [{ path: '/m', state: 'does not answer' }] }, 'mounts', 'fail', /umount -l \/m/],
  ['a dead mount of another', { mounts: [{ path: '/o', state: 'is dead' }] }, 'mounts', 'warn', /umount -l \/o/],
]

for (const [what, facts, name, state, remedy] of ills) {
  test(`${what} is found and has a remedy`, () => {
    const bad = machineChecks({ ...well, ...facts }, ['/m']).filter(check => check.state !== 'ok')
    assert.deepEqual(
      bad.map(check => [check.name, check.state]),
      [[name, state]],
    )
    assert.match(bad[0]?.remedy ?? '', remedy)
  })
}

test('a small disk is enough when it is there for Cairn alone', () => {
  const space = { under: '/srv', freeBytes: GIB, totalBytes: 2 * GIB, isOwn: true }
  const row = machineChecks({ ...well, space }, []).find(check => check.name === 'disk space')
  assert.equal(row?.state, 'ok')
})
