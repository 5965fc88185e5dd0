import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiMetrics } from './api-metrics.ts'

test('processors and memory of machines are told as they are when somebody asks, by one question', async () => {
  const metrics = new ApiMetrics(() => ({ cpuSeconds: 0, residentBytes: 0, startedSeconds: 0 }))
  let asked = 0
  let readings = [{ name: 'attic', cpus: 4, cpuUsedMilli: 250, memoryMiB: 2048, memoryUsedMiB: 512 }]
  metrics.tellNodes(async () => {
    asked += 1
    return readings
  })
  const text = await metrics.text()
  assert.match(text, /^cairn_node_cpu_capacity_cores\{node="attic"\} 4$/m)
  assert.match(text, /^cairn_node_cpu_usage_cores\{node="attic"\} 0.25$/m)
  assert.match(text, /^cairn_node_memory_capacity_bytes\{node="attic"\} 2147483648$/m)
  assert.match(text, /^cairn_node_memory_usage_bytes\{node="attic"\} 536870912$/m)
  assert.equal(asked, 1)
  readings = []
  assert.doesNotMatch(await metrics.text(), /attic/)
})
