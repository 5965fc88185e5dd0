import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { machineWorld } from '#host'
import { MASTERS } from '#identity'
import { openMemoryKeyspace } from '#keyspace'
import { createApp, LocalConnection, Objects, ObjectStore, Registry } from '#api'
import { RESOURCES } from '#schema'
import { storageDoor } from './storage-door.ts'
import { openTelemetry } from './telemetry.ts'

test('the API counts its requests, tells whether it is well, and notes who did what', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-telemetry-'))
  try {
    const world = machineWorld
    const { clock, entropy, log } = world
    await using keyspace = openMemoryKeyspace({ world })
    const admin = { name: 'ann', uid: undefined, groups: [MASTERS], extra: {} }
    {
      await using telemetry = openTelemetry({ keyspace, folder, call: storageDoor(folder, world) }, world)
      const app = createApp({
        clock,
        log,
        registry: new Registry(RESOURCES),
        objects: new Objects({ store: new ObjectStore(keyspace), clock, entropy }),
        version: 'test',
        authenticate: async () => admin,
        authorize: async () => true,
        ...telemetry,
      })
      const ask = async (path: string, init?: RequestInit): Promise<string> => {
        const response = await app.fetch(new Request(`https://cairn.test${path}`, init), new LocalConnection(admin))
        return response.text()
      }
      const headers = { 'content-type': 'application/json' }
      await ask('/api/v1/namespaces', { method: 'POST', headers, body: '{"metadata":{"name":"a"}}' })
      await ask('/apis/none/v1/strange')
      assert.match(await ask('/readyz?verbose'), /\[\+\]keyspace ok/)
      const counts = await ask('/metrics')
      assert.match(counts, /apiserver_request_total\{verb="create",resource="namespaces",code="201"\} 1/)
      assert.match(counts, /apiserver_request_total\{verb="list",resource="",code="404"\} 1/)
      assert.match(counts, /process_resident_memory_bytes [1-9]/)
    }
    const [line = ''] = readFileSync(join(folder, 'audit', 'audit.jsonl'), 'utf8').split('\n')
    const { user, verb, resource, code } = JSON.parse(line) as Record<string, unknown>
    assert.deepEqual([user, verb, resource, code], ['ann', 'create', 'namespaces', 201])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
