import assert from 'node:assert/strict'
import { test } from 'node:test'
import { boundElsewhere, isCairnMount, parseMountInfo, readMounts } from './mount-info.ts'

test('a line is read with its optional fields, however many there are', () => {
  const lines = [
    '22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw',
    '36 22 0:40 / /mnt/cairn rw,nosuid shared:15 master:2 - fuse.cairn home rw,user_id=0',
    '',
  ]
  assert.deepEqual(parseMountInfo(lines.join('\n')), [
    { path: '/', type: 'ext4', source: '/dev/sda1', device: '8:1' },
    { path: '/mnt/cairn', type: 'fuse.cairn', source: 'home', device: '0:40' },
  ])
})

test('space, tab, newline and backslash come out of their octal form, other bytes are UTF-8', () => {
  const line = '1 1 0:1 / /a\\040b\\011c\\012d\\134e\\134040/\u00c3\u00bc rw - tmpfs no\\040ne rw'
  assert.deepEqual(parseMountInfo(line), [
    { path: '/a b\tc\nd\\e\\040/ü', type: 'tmpfs', source: 'no ne', device: '0:1' },
  ])
})

test('a dash in a path does not end the fields before it', () => {
  const [mount] = parseMountInfo('1 1 0:1 / /a\\040-\\040b rw - tmpfs none rw')
  assert.equal(mount?.path, '/a - b')
})

test('only what Cairn serves counts as a mount of Cairn', () => {
  const mount = { path: '/m', source: 'home', device: '0:1' }
  assert.equal(isCairnMount({ ...mount, type: 'fuse.cairn' }), true)
  assert.equal(isCairnMount({ ...mount, type: 'fuse.sshfs' }), false)
})

test('this machine has a root', () => {
  assert.ok(readMounts().some(mount => mount.path === '/'))
})

test('a mount that is bound to other places is found there, the last one first', () => {
  const mount = { type: 'fuse.cairn', source: 'home', device: '0:40' }
  const other = { path: '/d', type: 'fuse.cairn', source: 'photos', device: '0:41' }
  const all = [{ ...mount, path: '/a' }, other, { ...mount, path: '/b' }, { ...mount, path: '/c' }]
  assert.deepEqual(boundElsewhere('/a', all), ['/c', '/b'])
  assert.deepEqual(boundElsewhere('/d', all), [])
  assert.deepEqual(boundElsewhere('/none', all), [])
})
