import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, suite, test } from 'node:test'
import { isFault } from '#base'
import { readKubeconfig } from './kubeconfig.ts'

let folder: string

const base64 = (text: string): string => Buffer.from(text).toString('base64')

function write(user: object, cluster: object = {}): string {
  const file = path.join(folder, 'config')
  const config = {
    'current-context': 'here',
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'u' } }],
    clusters: [
      {
        name: 'c',
        cluster: { server: 'https://127.0.0.1:6443', 'certificate-authority-data': base64('CA'), ...cluster },
      },
    ],
    users: [{ name: 'u', user }],
  }
  fs.writeFileSync(file, JSON.stringify(config))
  return file
}

suite('a kubeconfig', () => {
  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-kubeconfig-'))
  })
  after(() => fs.rmSync(folder, { recursive: true }))

  test('names a certificate or a token, in line or in files beside it', () => {
    fs.writeFileSync(path.join(folder, 'token'), 'secret\n')
    fs.writeFileSync(path.join(folder, 'key.pem'), 'KEY')
    const both = { 'client-certificate-data': base64('CERT'), 'client-key': 'key.pem' }
    assert.deepEqual(readKubeconfig(write(both)), {
      url: 'https://127.0.0.1:6443',
      authorityPem: 'CA',
      serverName: undefined,
      credential: { kind: 'certificate', certificatePem: 'CERT', keyPem: 'KEY' },
    })
    assert.deepEqual(readKubeconfig(write({ tokenFile: 'token' })).credential, { kind: 'token', token: 'secret' })
    assert.equal(readKubeconfig(write({ token: 'x' }, { 'tls-server-name': 'cairn' })).serverName, 'cairn')
  })

  test('is refused by name for what is not spoken, and for what is missing', () => {
    const refuses = (file: string, why: RegExp): void =>
      assert.throws(
        () => readKubeconfig(file),
        error => isFault(error, 'BadRequest') && why.test(error.message),
      )
    refuses(write({ exec: {} }), /"exec" is not spoken/)
    refuses(write({ token: 'x' }, { 'insecure-skip-tls-verify': true }), /insecure-skip-tls-verify/)
    refuses(write({ token: 'x' }, { server: 'http://x' }), /no https URL/)
    refuses(write({ token: 'x' }, { 'certificate-authority-data': undefined }), /no certificate-authority/)
    refuses(write({}), /neither/)
    refuses(path.join(folder, 'none'), /cannot be read/)
    for (const text of ['', '[]', '{', 'current-context: x', '"\u0000"']) {
      fs.writeFileSync(path.join(folder, 'bad'), text)
      assert.throws(
        () => readKubeconfig(path.join(folder, 'bad')),
        error => isFault(error, 'BadRequest'),
      )
    }
  })
})
