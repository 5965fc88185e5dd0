// node test/posix/stress.ts DIR [--seed N] [--ops M] [--size-max BYTES] [--only file|tree]
import { mkdtempSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { removeTree } from './remove-tree.ts'
import { stressFile } from './stress/file.ts'
import { stressTree } from './stress/tree.ts'
import * as sys from './sys/index.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string' },
    ops: { type: 'string', default: '2000' },
    'size-max': { type: 'string' },
    only: { type: 'string' },
  },
})

const [folder] = positionals
if (folder === undefined) {
  console.error('usage: node test/posix/stress.ts DIR [--seed N] [--ops M] [--size-max BYTES] [--only file|tree]')
  process.exit(2)
}
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)
const ops = Number(values.ops)
const dir = mkdtempSync(join(resolve(folder), 'stress-'))
// Told before anything is done, so that a hang too can be replayed.
console.log(`replay: node test/posix/stress.ts DIR --seed ${seed} --ops ${ops}`)
try {
  if (values.only !== 'tree') {
    const sizeMax = values['size-max'] === undefined ? {} : { sizeMax: Number(values['size-max']) }
    report('file', stressFile({ path: `${dir}/file`, seed, ops, ...sizeMax }))
  }
  if (values.only !== 'file') {
    sys.mkdir(`${dir}/tree`)
    report('tree', stressTree({ dir: `${dir}/tree`, seed, ops }))
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  sys.chdir(resolve(folder))
  removeTree(dir)
}

function report(what: string, counts: Record<string, number>): void {
  console.log(
    `${what}: ${Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')}`,
  )
}
