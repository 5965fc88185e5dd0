import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ERRNO, type Ino, isErrno, ROOT_INO, type Vfs } from '#storage/fs'
import { CALLER, get, make, names, ok, put, testCloud } from './testing/cloud.ts'

const NAMES = ['a', 'b', 'c', 'd']
const APPEND = { append: true, killPrivileges: false }

/** What a program on some machine does; each step is over before the next begins. */
type Step =
  | { readonly kind: 'make' | 'remove' | 'read' | 'cut'; readonly name: string }
  | { readonly kind: 'put' | 'append'; readonly name: string; readonly text: string; readonly at: number }
  | { readonly kind: 'rename' | 'link'; readonly name: string; readonly to: string }
  | { readonly kind: 'break' }
  | { readonly kind: 'list' }

const name = fc.constantFrom(...NAMES)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom('make', 'remove', 'read', 'read', 'cut'), name }),
  fc.record({
    kind: fc.constantFrom('put', 'put', 'append'),
    name,
    text: fc.string({ unit: fc.constantFrom('x', 'y'), minLength: 1, maxLength: 30 }).map(text => text.repeat(700)),
    at: fc.integer({ min: 0, max: 9000 }),
  }),
  fc.record({ kind: fc.constantFrom('rename', 'link'), name, to: name }),
  fc.constantFrom({ kind: 'break' } as const, { kind: 'list' } as const),
)

/** A folder as it should be: what its names lead to. */
class Model {
  readonly folder: Ino
  readonly files = new Map<string, { readonly ino: Ino; bytes: Buffer }>()

  constructor(folder: Ino) {
    this.folder = folder
  }

  get names(): string[] {
    return [...this.files.keys()].sort()
  }
}

async function run(vfs: Vfs, model: Model, step: Step): Promise<void> {
  if (step.kind === 'break') return
  if (step.kind === 'list') return assert.deepEqual(await names(vfs, model.folder), model.names)
  const file = model.files.get(step.name)
  const found = await vfs.lookup(model.folder, step.name)
  assert.equal(isErrno(found) ? found : found.ino, file?.ino ?? ERRNO.ENOENT, `${step.kind} ${step.name}`)
  if (step.kind === 'make') {
    if (file === undefined)
      model.files.set(step.name, {
        ino: (await make(vfs, step.name, 'file', model.folder)).ino,
        bytes: Buffer.alloc(0),
      })
    else assert.equal(await vfs.make(model.folder, step.name, { kind: 'file', mode: 0o600 }, CALLER), ERRNO.EEXIST)
    return
  }
  if (file === undefined) return
  switch (step.kind) {
    case 'remove':
      await ok(vfs.remove(model.folder, step.name, 'file'))
      model.files.delete(step.name)
      return
    case 'read':
      assert.equal((await get(vfs, file.ino)).toString(), file.bytes.toString())
      return
    case 'cut':
      await ok(vfs.setAttributes(file.ino, { size: file.bytes.byteLength >>> 1 }, CALLER))
      file.bytes = file.bytes.subarray(0, file.bytes.byteLength >>> 1)
      return
    case 'append':
      await ok(vfs.write(file.ino, 0, Buffer.from(step.text), APPEND))
      file.bytes = Buffer.concat([file.bytes, Buffer.from(step.text)])
      return
    case 'put': {
      await put(vfs, file.ino, step.text, step.at)
      const bytes = Buffer.alloc(Math.max(file.bytes.byteLength, step.at + step.text.length))
      file.bytes.copy(bytes)
      bytes.write(step.text, step.at)
      file.bytes = bytes
      return
    }
    case 'link':
      if (model.files.has(step.to)) return
      await ok(vfs.link(file.ino, model.folder, step.to))
      model.files.set(step.to, file)
      return
    case 'rename':
      await ok(
        vfs.rename({ parent: model.folder, name: step.name }, { parent: model.folder, name: step.to }, 'replace'),
      )
      if (model.files.get(step.to) === file) return
      model.files.set(step.to, file)
      model.files.delete(step.name)
  }
}

test('two machines and the home, one step after the other, are as one machine', async () => {
  const on = fc.nat({ max: 2 })
  const steps = fc.array(fc.record({ on, step }), { minLength: 20, maxLength: 60 })
  await fc.assert(
    // Who makes a folder knows that it has no names.
    fc.asyncProperty(fc.option(on), steps, async (maker, script) => {
      await using cloud = await testCloud(8192)
      const machines = [await cloud.machine('a'), await cloud.machine('b')]
      const vfsOf = (number: number): Vfs => machines[number]?.vfs ?? cloud.home.vfs
      const model = new Model(maker === null ? ROOT_INO : (await make(vfsOf(maker), 'folder', 'directory')).ino)
      for (const { on, step } of script) {
        if (step.kind === 'break') machines[on]?.way.break()
        await run(vfsOf(on), model, step)
      }
      for (const vfs of [0, 1, 2].map(vfsOf)) {
        assert.deepEqual(await names(vfs, model.folder), model.names)
        for (const { ino, bytes } of model.files.values()) assert.ok((await get(vfs, ino)).equals(bytes))
      }
    }),
    { numRuns: 25 },
  )
})
