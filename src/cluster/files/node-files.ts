import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { Disk } from '#base'
import { exactly, type ShapeOf, shape, text, type TlsCredential, word } from '#rpc'
import { clusterFault } from '../faults.ts'
import { readSmallFile, replaceSmallFile } from './small-file.ts'

const nodeShape = shape({
  version: exactly(1),
  /** What the machine is called in objects and in its certificate. */
  name: text(253),
  role: word('controller', 'node'),
  /** Of the authority's key: 43 characters of base64url. */
  cloud: text(43),
})

/** Whether a machine has a control plane. */
export type NodeRole = NodeIdentity['role']

/** What a machine is in its cloud. */
export type NodeIdentity = Omit<ShapeOf<typeof nodeShape>, 'version'>

/** Everything a machine shows to others, as it lies in DATA/node. */
export interface NodeFiles {
  readonly node: NodeIdentity
  readonly credential: TlsCredential
}

/** Where a machine keeps what it is: mode 0700. */
export function nodeFolderOf(dataFolder: string): string {
  return `${dataFolder}/node`
}

/** Reads what a machine is; undefined when it is in no cloud yet. Faults: NodeFile. */
export function readNodeFiles(disk: Disk, dataFolder: string): NodeFiles | undefined {
  const folder = nodeFolderOf(dataFolder)
  const json = readSmallFile(disk, `${folder}/${NODE}`)
  if (json === undefined) return undefined
  const pem = (file: string) => {
    const found = readSmallFile(disk, `${folder}/${file}`)
    if (found === undefined) throw broken(`${folder}/${file}`, 'is not there')
    return found
  }
  const node = nodeOf(json, `${folder}/${NODE}`)
  const credential = { keyPem: pem(KEY), certificatePem: pem(CERTIFICATE), authorityPem: pem(AUTHORITY) }
  refuseUnusable(credential, folder)
  return { node, credential }
}

// TLS would find it later, and say less.
function refuseUnusable({ keyPem, certificatePem, authorityPem }: TlsCredential, folder: string): void {
  const key = parsed(() => createPrivateKey(keyPem), `${folder}/${KEY}`)
  const certificate = parsed(() => new X509Certificate(certificatePem), `${folder}/${CERTIFICATE}`)
  parsed(() => new X509Certificate(authorityPem), `${folder}/${AUTHORITY}`)
  if (!certificate.checkPrivateKey(key)) throw broken(`${folder}/${CERTIFICATE}`, 'is for another key')
}

function parsed<Value>(parse: () => Value, path: string): Value {
  try {
    return parse()
  } catch (error) {
    throw broken(path, 'is damaged', error)
  }
}

/** Writes what a machine is; node.json last, so that it is in a cloud with all of it or not at all. */
export async function writeNodeFiles(disk: Disk, dataFolder: string, { node, credential }: NodeFiles): Promise<void> {
  const folder = nodeFolderOf(dataFolder)
  const { name, role, cloud } = node
  await replaceSmallFile(disk, `${folder}/${KEY}`, credential.keyPem)
  await replaceSmallFile(disk, `${folder}/${CERTIFICATE}`, credential.certificatePem)
  await replaceSmallFile(disk, `${folder}/${AUTHORITY}`, credential.authorityPem)
  await replaceSmallFile(disk, `${folder}/${NODE}`, `${JSON.stringify({ version: 1, name, role, cloud })}\n`)
}

const NODE = 'node.json'
const KEY = 'key.pem'
const CERTIFICATE = 'certificate.pem'
const AUTHORITY = 'authority.pem'

function nodeOf(json: string, path: string): NodeIdentity {
  try {
    const { name, role, cloud } = nodeShape(JSON.parse(json), '')
    return { name, role, cloud }
  } catch (error) {
    throw broken(path, 'is damaged, or of another version', error)
  }
}

function broken(path: string, why: string, cause?: unknown): Error {
  return clusterFault('NodeFile', `${path} ${why}`, {
    hint: 'Take this machine into its cloud again: `cairn join`, with a new token.',
    cause,
  })
}
