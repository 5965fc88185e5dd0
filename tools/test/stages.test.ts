import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stageOf } from './stages.ts'

test('test files fall into stages by where they are and what they are called', () => {
  assert.equal(stageOf('src/base/struct.test.ts'), 'unit')
  assert.equal(stageOf('tools/test/stages.test.ts'), 'unit')
  assert.equal(stageOf('test/tidy.test.ts'), 'unit')
  assert.equal(stageOf('test/conformance/api/kubectl.test.ts'), 'control')
  assert.equal(stageOf('sim/seeds.test.ts'), 'simulation')
  assert.equal(stageOf('src/keyspace/etcd/etcd.test.ts'), 'etcd')
  assert.equal(stageOf('test/credentials.test.ts'), 'control')
  assert.equal(stageOf('test/posix/posix.test.ts'), 'mount')
  assert.equal(stageOf('test/lab/lab.test.ts'), 'lab')
  assert.equal(stageOf('src/storage/fuse/copy.mount.test.ts'), 'mount')
})
