import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isFault } from '#base'
import { message, type Shape, unary } from '#rpc'
import { ANSWERS } from './answers.ts'
import { INPUTS } from './inputs.ts'
import { get, make, put, testCloud } from './testing/cloud.ts'

const NEVER = new AbortController().signal
const anything: Shape<unknown> = value => value
const raw = (name: string) => unary({ name, version: 1, params: anything, result: anything })
const KINDS = Object.keys(INPUTS)

const number = fc.oneof(
  fc.integer({ min: -2, max: 5 }),
  fc.maxSafeInteger(),
  fc.constantFrom(2 ** 32, 2 ** 44, 2 ** 53, Number.NaN, 1.5),
)
const name = fc.oneof(
  fc.constantFrom('', '.', '..', 'a', 'a/b', '\0', 'file', 'ü', '\u0100'),
  fc.string({ maxLength: 300 }),
)
const scalar = fc.oneof(
  number,
  name,
  fc.boolean(),
  fc.constant(null),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
)
const caller = fc.record({ uid: number, gid: number, umask: number })
const extent = fc.record({
  kind: fc.constantFrom('inline', 'chunk', 'hole', 'other'),
  offset: number,
  bytes: number,
  digest: fc.oneof(fc.constant('x'.repeat(32)), name),
  chunkOffset: number,
  chunkBytes: number,
})
const place = fc.record({ parent: number, name })
const lock = fc.record({
  way: fc.constantFrom('range', 'whole', 'x'),
  type: fc.constantFrom('shared', 'exclusive', 'none', 'x'),
  from: number,
  to: number,
  owner: fc.oneof(fc.constantFrom('p', 'q'), name),
  handle: number,
  pid: number,
})
const change = fc.record({ mode: number, size: number, uid: number, atime: scalar }, { requiredKeys: [] })

// Every field that any operation has, with what may and what may not be there.
const input = fc.record(
  {
    ino: number,
    parent: number,
    name,
    what: fc.constantFrom('file', 'directory', 'x'),
    mode: fc.oneof(number, fc.constantFrom('replace', 'exchange', 'noReplace', 'set', 'create')),
    node: fc.record({ kind: fc.constantFrom('file', 'directory', 'symlink', 'x'), mode: number, target: name }),
    caller: fc.oneof(caller, scalar),
    from: fc.oneof(place, fc.record({ ino: number, offset: number }), scalar),
    to: fc.oneof(place, fc.record({ ino: number, offset: number }), scalar),
    bytes: number,
    size: number,
    after: number,
    limit: number,
    change: fc.oneof(change, scalar),
    also: fc.oneof(fc.record({ change, caller: fc.oneof(caller, scalar) }), scalar),
    extents: fc.array(fc.oneof(extent, scalar), { maxLength: 4 }),
    mtimeNs: scalar,
    killPrivileges: fc.oneof(fc.boolean(), scalar),
    times: fc.array(fc.record({ ino: number, atimeNs: scalar }), { maxLength: 3 }),
    inos: fc.array(number, { maxLength: 3 }),
    range: fc.oneof(fc.record({ from: number, to: number }), scalar),
    all: fc.boolean(),
    lock: fc.oneof(lock, scalar),
    wait: number,
    holder: fc.oneof(fc.record({ owner: name }), fc.record({ handle: number }), scalar),
  },
  { requiredKeys: [] },
)

test('whatever a machine sends, the home answers or refuses it by name, and goes on', async () => {
  await using cloud = await testCloud(8192)
  const [a, bad] = [await cloud.machine('a'), await cloud.machine('bad')]
  const { ino } = await make(a.vfs, 'file')
  const client = await bad.way.reach(NEVER)
  const opened = await client.call(raw('fs.open'), { filesystem: 'home' }, NEVER)
  const session: unknown = Reflect.get(Object(opened), 'session')
  const known = new Set(['BadMessage', 'SessionLost', 'Superseded', 'Unsupported', 'BadFrame'])
  let sequence = 0
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('fs.call', 'fs.call', 'fs.call', 'fs.open', 'fs.acknowledge', 'fs.renew'),
      fc.oneof({ arbitrary: fc.constantFrom(...KINDS), weight: 9 }, { arbitrary: name, weight: 1 }),
      fc.oneof({ arbitrary: input, weight: 9 }, { arbitrary: scalar, weight: 1 }),
      fc.uint8Array({ maxLength: 100 }),
      fc.oneof(fc.constant(undefined), fc.record({ slot: number, sequence: number })),
      async (...[method, kind, sent, body, oddName]) => {
        const callName = oddName ?? { slot: 0, sequence: ++sequence }
        const params = { filesystem: 'home', session, kind, input: sent, name: callName, number: sent, held: sent }
        try {
          await client.exchange(raw(method), message(params, body), NEVER)
        } catch (error) {
          assert.ok(isFault(error), String(error))
          assert.ok(known.has(error.code), `${method} ${kind}: ${error.code} ${error.message}`)
        }
      },
    ),
    { numRuns: 400 },
  )
  assert.ok(client.isOpen)
  await put(a.vfs, ino, 'still right').catch(() => undefined)
  const { ino: other } = await make(a.vfs, 'other')
  await put(a.vfs, other, 'still right')
  assert.equal((await get(cloud.home.vfs, other)).toString(), 'still right')
})

test('whatever a home answers, a machine takes it or refuses it by name', () => {
  const heads = fc.oneof(
    scalar,
    fc.array(scalar, { maxLength: 3 }),
    fc.record({ size: number, extents: fc.array(extent, { maxLength: 3 }), tree: scalar }),
    fc.array(fc.record({ name, ino: number, kind: name, cookie: number }), { maxLength: 3 }),
  )
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.values(ANSWERS)),
      heads,
      fc.uint8Array({ maxLength: 64 }),
      (codec, head, body) => {
        try {
          codec.decode({ head, body })
        } catch (error) {
          assert.ok(isFault(error, 'BadMessage'), String(error))
        }
      },
    ),
    { numRuns: 3000 },
  )
})
