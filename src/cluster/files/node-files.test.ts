import 'reflect-metadata'
import assert from 'node:assert/strict'
import { webcrypto } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import * as x509 from '@peculiar/x509'
import { isFault } from '#base'
import { machineDisk } from '#host'
import { readNodeFiles, writeNodeFiles } from './node-files.ts'

const node = { name: 'a', role: 'controller', cloud: 'C'.repeat(43) } as const

async function newCredential() {
  x509.cryptoProvider.set(webcrypto)
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({ name: 'CN=a', keys })
  const pem = certificate.toString('pem')
  const keyPem = x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
  return { keyPem, certificatePem: pem, authorityPem: pem }
}

test('what a machine is comes back as it was written, for its owner only; in no cloud there is nothing', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-node-'))
  const credential = await newCredential()
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

test('files that no connection could be made with are named', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-node-'))
  const [credential, other] = [await newCredential(), await newCredential()]
  try {
    for (const damage of [
      { keyPem: '' },
      { keyPem: other.keyPem },
      { certificatePem: 'x' },
      { certificatePem: other.certificatePem },
      { authorityPem: '' },
    ]) {
      await writeNodeFiles(machineDisk, folder, { node, credential: { ...credential, ...damage } })
      assert.throws(
        () => readNodeFiles(machineDisk, folder),
        error => isFault(error, 'NodeFile'),
        Object.keys(damage).join(),
      )
    }
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
})
