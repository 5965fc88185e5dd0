import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseMountinfo } from './mountinfo.ts'

test('mountinfo lines are read with their escapes', () => {
  const line = '44 27 0:40 / /tmp/a\\040b rw,relatime shared:1 - fuse.cairn home rw,user_id=0,group_id=0\n'
  assert.deepEqual(parseMountinfo(line), [{ device: '0:40', target: '/tmp/a b', kind: 'fuse.cairn', source: 'home' }])
})
