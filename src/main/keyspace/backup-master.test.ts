import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { isFault, type World } from '#base'
import { machineWorld } from '#host'
import { backupOf, type Keyspace, openMemoryKeyspace } from '#keyspace'
import { openClusterKeys } from '../control/cluster-keys.ts'
import { openDataFolder } from '../data-folder.ts'
import { makeMasterKey } from '../keys/master-key-file.ts'
import { refuseOtherMaster } from './backup-master.ts'
import { newToken, stageBackup, stagedIn } from './staged.ts'

const never = new AbortController().signal
const world: World = { ...machineWorld, log: { info: () => undefined, warn: () => undefined } }

async function* bytesOfBackup(keyspace: Keyspace) {
  for await (const { bytes } of backupOf(keyspace, never)) yield bytes
}

test('a backup that needs another master key is not taken while Cairn runs, and everything is as it was', async () => {
  const dataFolder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-backup-master-'))
  using cleaning = new DisposableStack()
  cleaning.defer(() => fs.rmSync(dataFolder, { recursive: true }))
  await openDataFolder(dataFolder)
  fs.mkdirSync(path.join(dataFolder, 'control'))
  const [own, others] = [path.join(dataFolder, 'own.key'), path.join(dataFolder, 'others.key')]
  await using keyspace = openMemoryKeyspace({ world })
  const { master } = await openClusterKeys({ world, keyspace, masterKeyFile: own }, never)
  const stage = (masterKeyFile: string): Promise<number> => {
    const refuse = refuseOtherMaster(masterKeyFile)
    return stageBackup({ dataFolder, token: newToken(world), pieces: bytesOfBackup(keyspace), refuse }, world, never)
  }
  const isRefused = (error: unknown): boolean => {
    assert.ok(isFault(error, 'MasterKey') && error.message.includes(master.id), String(error))
    return true
  }
  await assert.rejects(stage(others), isRefused)
  makeMasterKey(others, world)
  await assert.rejects(stage(others), isRefused)
  assert.equal(stagedIn(dataFolder), undefined)
  assert.equal(await stage(own), 2)
  assert.ok(stagedIn(dataFolder) !== undefined)
})
