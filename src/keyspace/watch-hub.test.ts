import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#base'
import { revisionOf } from './change.ts'
import { WATCH_BACKLOG_MAX } from './limits.ts'
import { openMemoryKeyspace } from './memory.ts'
import { never, put, quietWorld } from './test/support.ts'
import { WatchHub } from './watch-hub.ts'

test('a watcher too far behind is ended and told where to resume', async () => {
  await using keyspace = openMemoryKeyspace({ world: quietWorld })
  const watch = keyspace.watch({ keys: { kind: 'prefix', prefix: '' } }, never)
  for (let i = 0; i <= WATCH_BACKLOG_MAX / 64; i++) {
    keyspace.commit({ then: Array.from({ length: 64 }, (_, j) => put(`k${j}`, '')) })
  }
  await assert.rejects(
    async () => {
      for await (const _ of watch);
    },
    (error: unknown) => isFault(error, 'SlowWatcher') && error.hint === 'Watch again from revision 1.',
  )
})

test('one revision with more events than the backlog still reaches a watcher', async () => {
  const hub = new WatchHub()
  const watcher = hub.attach({ start: '', end: undefined }, false)
  const event = { kind: 'delete', key: 'k', revision: revisionOf(1), previous: undefined } as const
  hub.publish(
    revisionOf(1),
    Array.from({ length: WATCH_BACKLOG_MAX + 1 }, () => event),
  )
  const [batch] = await watcher.take(never)
  assert.equal(batch?.events.length, WATCH_BACKLOG_MAX + 1)
})
