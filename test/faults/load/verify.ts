import assert from 'node:assert/strict'
import fs from 'node:fs'
import { applyStep, fileAt, type Model, type ModelFile, type Step, stepsOf } from './step.ts'

/** What is known of a writer that was cut off: how many steps it was told are done. */
export interface Written {
  readonly folder: string
  readonly seed: number
  readonly acknowledged: number
}

/**
 * Compares a writer's folder, byte for byte, with what its acknowledged steps made. The step under way may have
 * happened, not have happened, or, when it writes, have happened in part.
 */
export function verifyWritten({ folder, seed, acknowledged }: Written): void {
  const { model, next } = replay(seed, acknowledged)
  const found = readTree(folder)
  const before = differences(found, model)
  if (before.length === 0) return
  const pending = replay(seed, acknowledged)
  applyStep(pending.model, next)
  const after = differences(found, pending.model)
  if (after.length === 0) return
  // All names of the file that is written show the part that is there.
  const written = fileAt(pending.model, next.path)
  const inPart =
    next.kind === 'write' &&
    after.every(({ path }) => fileAt(pending.model, path) === written && isPart(found.get(path), model, written, path))
  const said = before.map(each => each.said).join('\n  ')
  assert.ok(inPart, `after ${acknowledged} steps of seed ${seed}, then ${JSON.stringify(next)}:\n  ${said}`)
}

/** Compares a folder with all steps: nothing was cut off. */
export function verifyWhole({ folder, seed, acknowledged }: Written): void {
  const said = differences(readTree(folder), replay(seed, acknowledged).model).map(each => each.said)
  assert.deepEqual(said, [], `after ${acknowledged} steps of seed ${seed}`)
}

function replay(seed: number, count: number): { model: Model; next: Step } {
  const model: Model = new Map()
  const steps = stepsOf(seed, model)
  for (let done = 0; done < count; done += 1) applyStep(model, steps.next().value)
  return { model, next: steps.next().value }
}

/** What stands at a path of the folder; names of one file share one object. */
function readTree(folder: string): Model {
  const model: Model = new Map()
  const byInode = new Map<bigint, { file: ModelFile; names: number; nlink: bigint }>()
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = `${entry.parentPath}/${entry.name}`
    const stats = fs.lstatSync(path, { bigint: true })
    const name = path.slice(folder.length + 1)
    if (stats.isDirectory()) model.set(name, 'directory')
    else if (stats.isSymbolicLink()) model.set(name, `-> ${fs.readlinkSync(path)}`)
    else {
      const known = byInode.get(stats.ino) ?? { file: { bytes: fs.readFileSync(path) }, names: 0, nlink: stats.nlink }
      known.names += 1
      byInode.set(stats.ino, known)
      assert.equal(BigInt(known.file.bytes.byteLength), stats.size, `size of ${name}`)
      model.set(name, known.file)
    }
  }
  for (const { names, nlink } of byInode.values()) assert.equal(nlink, BigInt(names), 'links are names')
  return model
}

interface Difference {
  readonly path: string
  readonly said: string
}

function differences(found: Model, wanted: Model): Difference[] {
  const paths = new Set([...found.keys(), ...wanted.keys()])
  return [...paths].flatMap(path => {
    const said = difference(found.get(path), wanted.get(path))
    return said === undefined ? [] : [{ path, said: `${path}: ${said}` }]
  })
}

function difference(found: Model extends Map<string, infer Node> ? Node | undefined : never, wanted: typeof found) {
  if (typeof found !== 'object' || typeof wanted !== 'object') {
    return found === wanted ? undefined : `is ${shown(found)}, should be ${shown(wanted)}`
  }
  if (found.bytes.equals(wanted.bytes)) return undefined
  if (found.bytes.byteLength !== wanted.bytes.byteLength) {
    return `has ${found.bytes.byteLength} bytes, should have ${wanted.bytes.byteLength}`
  }
  const at = found.bytes.findIndex((byte, index) => byte !== wanted.bytes[index])
  return `differs from byte ${at} of ${wanted.bytes.byteLength}`
}

function shown(node: ModelFile | string | undefined): string {
  return typeof node === 'object' ? `a file of ${node.bytes.byteLength} bytes` : (node ?? 'absent')
}

// Every byte is the old or the new one, or not yet there, and the size lies between the two.
function isPart(found: ReturnType<Model['get']>, before: Model, written: ModelFile | undefined, path: string): boolean {
  const old = fileAt(before, path)?.bytes
  const fresh = written?.bytes
  if (found === undefined) return old === undefined
  if (typeof found !== 'object' || fresh === undefined) return false
  const { bytes } = found
  if (bytes.byteLength < (old?.byteLength ?? 0) || bytes.byteLength > fresh.byteLength) return false
  return bytes.every((byte, at) => byte === fresh[at] || byte === (old?.[at] ?? 0))
}
