import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { isFault } from '#base'
import { machineDisk } from '#host'
import { readNodeFiles, writeNodeFiles } from './node-files.ts'

const node = { name: 'a', role: 'controller', cloud: 'C'.repeat(43) } as const
const credential = { keyPem: 'key\n', certificatePem: 'certificate\n', authorityPem: 'authority\n' }

test('what a machine is comes back as it was written, for its owner only; in no cloud there is nothing', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-node-'))
  try {
    assert.equal(readNodeFiles(machineDisk, folder), undefined)
    await writeNodeFiles(machineDisk, folder, { node, credential })
    assert.deepEqual(readNodeFiles(machineDisk, folder), { node, credential })
    const modes = fs.readdirSync(`${folder}/node`).map(file => fs.statSync(`${folder}/node/${file}`).mode & 0o777)
    assert.deepEqual(modes, [0o600, 0o600, 0o600, 0o600])
    assert.equal(fs.statSync(`${folder}/node`).mode & 0o777, 0o700)
    fs.rmSync(`${folder}/node/key.pem`)
    const named = (error: unknown) => isFault(error, 'NodeFile') && /key\.pem/.test(error.message)
    assert.throws(() => readNodeFiles(machineDisk, folder), named)
    fs.writeFileSync(`${folder}/node/node.json`, '{"version":2}')
    assert.throws(
      () => readNodeFiles(machineDisk, folder),
      error => isFault(error, 'NodeFile'),
    )
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
})
