import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiMetrics } from './api-metrics.ts'

test('controllers are counted as they are when somebody asks, and not when they have ended', async () => {
  const metrics = new ApiMetrics(() => ({ cpuSeconds: 0, residentBytes: 0, startedSeconds: 0 }))
  const reading = { name: 'garbage', waiting: 3, delayed: 1, active: 2, done: 40, failed: 5, busyMs: 1500 }
  let readings = [reading]
  metrics.countControllers(() => readings)
  const text = await metrics.text()
  assert.match(text, /^workqueue_depth\{name="garbage"\} 3$/m)
  assert.match(text, /^workqueue_retries_total\{name="garbage"\} 5$/m)
  assert.match(text, /^cairn_controller_busy_seconds_total\{name="garbage"\} 1.5$/m)
  readings = []
  assert.doesNotMatch(await metrics.text(), /garbage/)
})
