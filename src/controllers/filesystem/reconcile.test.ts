import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SteppedClock } from '../../../test/clocks/stepped-clock.ts'
import { defineFaults } from '#base'
import type { FilesystemRow, NodeStatus } from '#rpc'
import type { JsonObject, KubeObject } from '#schema'
import type { ControllerParts } from '../loop/parts.ts'
import { FILESYSTEM_FINALIZER } from './plan.ts'
import { filesystemController } from './reconcile.ts'
import type { Storage } from './storage.ts'

const offFault = defineFaults({ Unreachable: { status: 503, retry: 'later' } })

const ROW: FilesystemRow = {
  name: 'photos',
  id: 'f',
  metadataBytes: 0,
  freeBytes: 0,
  bytesUsed: 0,
  inodesUsed: 0,
  snapshots: 0,
  home: 'm2',
  access: { machines: undefined, readOnly: [], rootSquash: true },
}

/** What a leader on m1 makes of an object whose filesystem lives on m2, which nobody uses on m1; `isOff`: m2 does not answer. */
async function lead(more: { readonly spec: JsonObject; readonly status?: JsonObject }, isOff = false) {
  const metadata = {
    name: 'photos',
    uid: 'u',
    creationTimestamp: '',
    generation: 1,
    finalizers: [FILESYSTEM_FINALIZER],
  }
  const object: KubeObject = { apiVersion: 'cairn.dev/v1', kind: 'Filesystem', metadata, ...more }
  const done: string[] = []
  const told = Promise.withResolvers<JsonObject>()
  const mounts = [{ filesystem: 'photos', path: '/before', state: 'serving' as const }]
  const storage = {
    nodeName: 'm1',
    status: async () => ({ filesystems: [], mounts: [], mountsNothing: false }) as unknown as NodeStatus,
    atHome: async (name: string) => {
      if (isOff) throw offFault('Unreachable', 'm2 is off')
      return { row: { ...ROW, name }, status: { mounts, mountsNothing: false } }
    },
    access: async (name: string, to: object) => void done.push(`access ${name} ${JSON.stringify(to)}`),
    mount: async (name: string, { path, isMoved }: { path: string; isMoved: boolean }) => {
      done.push(`mount ${name} ${path} ${isMoved}`)
      return path
    },
    unmount: async (name: string, path: string) => void done.push(`unmount ${name} ${path}`),
  } as unknown as Storage
  const client = {
    find: async () => object,
    updateStatus: async (_: unknown, { status }: KubeObject & { readonly status: JsonObject }) => told.resolve(status),
  }
  const informer = { listen: () => ({ [Symbol.dispose]: () => undefined }), get: () => object, all: () => [object] }
  const parts = {
    client,
    world: { clock: new SteppedClock(), entropy: { bytes: (count: number) => new Uint8Array(count) }, log: {} },
    informers: { of: () => informer },
    events: { record: () => undefined },
  } as unknown as ControllerParts
  await using _ = filesystemController(parts, storage, () => 'm2')
  return { status: await told.promise, done }
}

test('who may use a filesystem, and where it is mounted, is followed on the machine it lives on', async () => {
  const access = { machines: ['m2', 'm3'], rootSquash: false }
  const { done, status } = await lead({ spec: { access, mountPath: '/photos' }, status: { mountPath: '/before' } })
  const to = { machines: ['m2', 'm3'], readOnly: [], rootSquash: false }
  assert.deepEqual(done, [`access photos ${JSON.stringify(to)}`, 'mount photos /photos true'])
  assert.deepEqual([status['phase'], status['home'], status['mountPath']], ['Ready', 'm2', '/photos'])
})

test('a mount that is wanted no longer goes on the machine it lives on', async () => {
  const { done } = await lead({ spec: {}, status: { mountPath: '/before' } })
  assert.deepEqual(done, ['unmount photos /before'])
})

test('a machine it lives on that does not answer is named, and nothing is done elsewhere', async () => {
  const { done, status } = await lead({ spec: { mountPath: '/photos' } }, true)
  assert.deepEqual([done, status['phase'], status['home']], [[], 'Pending', 'm2'])
})
