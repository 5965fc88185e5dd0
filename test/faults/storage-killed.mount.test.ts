import { suite, test } from 'node:test'
import { whyNoFuse } from '../cloud.ts'
import { storageKilled } from './scenarios/storage-killed.ts'

suite('the storage process is killed under load', { skip: whyNoFuse(), timeout: 120_000 }, () => {
  test('and no program sees an error, and every byte is there', () => storageKilled({ seed: 1, kills: 4 }))
})
