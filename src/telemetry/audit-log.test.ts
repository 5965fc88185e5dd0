import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { machineWorld } from '#host'
import { type AuditEntry, AuditLog } from './audit-log.ts'
import { AUDIT_FILE_BYTES, AUDIT_FILES_MAX, AUDIT_STRANGER_MAX, AUDIT_STRANGERS_MAX } from './limits.ts'

const ENTRY: AuditEntry = {
  timeMs: Date.parse('2026-01-02T03:04:05Z'),
  impersonator: undefined,
  user: 'ann',
  groups: ['people'],
  verb: 'create',
  path: '/api/v1/namespaces/default/pods',
  resource: 'pods',
  namespace: 'default',
  name: undefined,
  code: 201,
  ms: 3,
}

function folder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'audit-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) }
}

test('what changes something, is refused or reads Secrets is noted, in JSON lines', async () => {
  using place = folder()
  await using log = new AuditLog({ world: machineWorld, folder: place.path })
  log.note(ENTRY)
  log.note({ ...ENTRY, verb: 'list' })
  log.note({ ...ENTRY, verb: 'list', code: 403 })
  log.note({ ...ENTRY, verb: 'get', resource: 'secrets', name: 's' })
  log.note({ ...ENTRY, verb: 'update', resource: 'leases', user: 'system:controllers' })
  await log[Symbol.asyncDispose]()
  const lines = readFileSync(join(place.path, 'audit.jsonl'), 'utf8').trimEnd().split('\n')
  assert.deepEqual(
    lines.map(line => JSON.parse(line) as { verb: string }).map(({ verb }) => verb),
    ['create', 'list', 'get'],
  )
  assert.deepEqual(JSON.parse(lines[0] ?? ''), {
    time: '2026-01-02T03:04:05.000Z',
    user: 'ann',
    groups: ['people'],
    verb: 'create',
    resource: 'pods',
    code: 201,
    path: '/api/v1/namespaces/default/pods',
    namespace: 'default',
    ms: 3,
  })
})

test('who shows no credential fills no files', async () => {
  using place = folder()
  await using log = new AuditLog({ world: machineWorld, folder: place.path })
  const stranger = { ...ENTRY, user: 'system:anonymous', code: 401 }
  for (let tries = 0; tries < AUDIT_STRANGER_MAX + 100; tries += 1) log.note({ ...stranger, network: 'one' })
  for (let tries = 0; tries < AUDIT_STRANGERS_MAX + 100; tries += 1) {
    log.note({ ...stranger, code: 429, network: `${tries}`, address: '10.0.0.1', tokenId: 'abc123' })
  }
  log.note(ENTRY)
  log.note({ ...stranger, timeMs: ENTRY.timeMs + 60_000 })
  await log[Symbol.asyncDispose]()
  const lines = readFileSync(join(place.path, 'audit.jsonl'), 'utf8').trimEnd().split('\n')
  assert.equal(lines.length, AUDIT_STRANGERS_MAX + 2)
  const [other = ''] = lines.slice(AUDIT_STRANGER_MAX)
  assert.match(other, /"address":"10.0.0.1","tokenId":"abc123"/, 'one stranger hides no other')
  assert.doesNotMatch(other, /network/)
})

test('files turn over and stay few', async () => {
  using place = folder()
  const sizes: number[] = []
  const written = { size: AUDIT_FILE_BYTES }
  for (let turn = 0; turn < AUDIT_FILES_MAX + 2; turn += 1) {
    const disk = {
      ...machineWorld.disk,
      open: (path: string) => Object.assign(machineWorld.disk.open(path, 'create'), { size: () => written.size }),
    }
    await using log = new AuditLog({ world: { ...machineWorld, disk }, folder: place.path })
    log.note(ENTRY)
    sizes.push(turn)
  }
  const names = readdirSync(place.path).sort()
  assert.deepEqual(names, ['audit.1.jsonl', 'audit.2.jsonl', 'audit.3.jsonl', 'audit.4.jsonl'])
})
