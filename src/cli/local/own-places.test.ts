import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { OwnPlaces, realPlace } from './own-places.ts'

test('what is in a mount of Cairn or its data folder is known, what is beside them is not', () => {
  const own = new OwnPlaces(['/mnt/cairn', '/mnt/b\xe4'], '/srv/data')
  assert.equal(own.around('/mnt/cairn'), 'a mount of Cairn')
  assert.equal(own.around('/mnt/cairn/a/b'), 'a mount of Cairn')
  assert.equal(own.around('/mnt/b\xe4/x'), 'a mount of Cairn')
  assert.equal(own.around('/srv/data/chunks'), 'the data folder of Cairn')
  for (const outside of ['/', '/mnt', '/mnt/cairn2', '/srv']) assert.equal(own.around(outside), undefined, outside)
  assert.equal(own.at('/mnt/cairn'), 'a mount of Cairn')
  assert.equal(own.at('/mnt/cairn/a'), undefined)
})

test('the data folder is known by its real path, also when it is not there', async () => {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-own-')))
  try {
    fs.mkdirSync(`${folder}/data`)
    fs.symlinkSync('data', `${folder}/link`)
    const own = await OwnPlaces.find(`${folder}/link`)
    assert.equal(own.at(`${folder}/data`), 'the data folder of Cairn')
    assert.equal((await OwnPlaces.find(`${folder}/none`)).at(`${folder}/none`), 'the data folder of Cairn')
    assert.equal(await realPlace(`${folder}/link`), `${folder}/link`)
    assert.equal(await realPlace(`${folder}/link/below`), `${folder}/data/below`)
    assert.equal(await realPlace('/'), '/')
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
})
