import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { suite, test } from 'node:test'
import { applyStep, bytesOfWrite, type Model, type ModelFile, type Step, stepsOf } from './step.ts'
import { verifyWritten } from './verify.ts'

const seed = 5_874_916

suite('what a cut-off writer left behind', () => {
  test('passes when a write is there in part, under every name of the file', () => {
    const { folder, acknowledged, model, next } = beforeWriteToLinked()
    using _ = store(folder, model)
    overwriteHead(folder, next)
    verifyWritten({ folder, seed, acknowledged })
  })

  test('fails when another file has changed', () => {
    const { folder, acknowledged, model, next } = beforeWriteToLinked()
    using _ = store(folder, model)
    overwriteHead(folder, next)
    const other = [...model].find(([, node]) => typeof node === 'object' && node !== model.get(next.path))
    assert.ok(other !== undefined)
    fs.appendFileSync(path.join(folder, other[0]), 'x')
    assert.throws(() => verifyWritten({ folder, seed, acknowledged }), /steps of seed/)
  })

  test('fails when a byte of the written part is neither old nor new', () => {
    const { folder, acknowledged, model, next } = beforeWriteToLinked()
    using _ = store(folder, model)
    overwriteHead(folder, next, byte => byte ^ 0xff)
    assert.throws(() => verifyWritten({ folder, seed, acknowledged }), /steps of seed/)
  })
})

type Write = Extract<Step, { kind: 'write' }>

/** The first state of the seed's folder in which the next step writes into a file of two names. */
function beforeWriteToLinked(): { folder: string; acknowledged: number; model: Model; next: Write } {
  const model: Model = new Map()
  const steps = stepsOf(seed, model)
  for (let acknowledged = 0; ; acknowledged += 1) {
    const next = steps.next().value
    const node = model.get(next.path)
    const names = [...model.values()].filter(each => each === node).length
    if (next.kind === 'write' && typeof node === 'object' && names > 1 && next.at < node.bytes.byteLength) {
      return { folder: fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-verify-')), acknowledged, model, next }
    }
    applyStep(model, next)
  }
}

/** Makes the folder what the model says, until disposed. */
function store(folder: string, model: Model): Disposable {
  const first = new Map<ModelFile, string>()
  for (const [name, node] of [...model].sort(([a], [b]) => a.length - b.length)) {
    const at = path.join(folder, name)
    if (node === 'directory') fs.mkdirSync(at)
    else if (typeof node === 'string') fs.symlinkSync(node.slice('-> '.length), at)
    else if (first.has(node)) fs.linkSync(first.get(node) ?? '', at)
    else {
      fs.writeFileSync(at, node.bytes)
      first.set(node, at)
    }
  }
  return { [Symbol.dispose]: () => fs.rmSync(folder, { recursive: true }) }
}

/** Does a first part of a write: one byte of it. */
function overwriteHead(folder: string, write: Write, change = (byte: number) => byte): void {
  const fd = fs.openSync(path.join(folder, write.path), 'r+')
  fs.writeSync(fd, bytesOfWrite(write).subarray(0, 1).map(change), 0, 1, write.at)
  fs.closeSync(fd)
}
