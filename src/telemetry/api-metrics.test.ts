import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiMetrics } from './api-metrics.ts'

test('requests and watches are counted under the names dashboards know', async () => {
  const metrics = new ApiMetrics(() => ({ cpuSeconds: 1.5, residentBytes: 1000, startedSeconds: 7 }))
  const ended = metrics.began()
  const seen = metrics.watching('pods')
  assert.match(await metrics.text(), /apiserver_current_inflight_requests 1\n/)
  assert.match(await metrics.text(), /apiserver_longrunning_requests\{verb="watch",resource="pods"\} 1\n/)
  ended({ verb: 'list', resource: 'pods', code: 200, seconds: 0.01 })
  seen()
  const text = await metrics.text()
  assert.match(text, /apiserver_request_total\{verb="list",resource="pods",code="200"\} 1\n/)
  assert.match(text, /apiserver_request_duration_seconds_bucket\{le="0.02",verb="list",resource="pods"\} 1\n/)
  assert.match(text, /process_resident_memory_bytes 1000\n/)
})
