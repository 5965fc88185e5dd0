import { createPrivateKey, X509Certificate } from 'node:crypto'
import fs from 'node:fs'
import type { EtcdLogin, EtcdTls } from '#keyspace'
import { mainFault } from '../faults.ts'

/** The files that an etcd is reached with, all absolute, and the user it knows us as. */
export interface EtcdFiles {
  readonly authority?: string | undefined
  readonly certificate?: string | undefined
  readonly key?: string | undefined
  readonly user?: string | undefined
  readonly password?: string | undefined
}

/** The variable that holds the password when no file does. */
const PASSWORD_VARIABLE = 'CAIRN_KEYSPACE_PASSWORD'

/** Reads what an etcd is reached with. Faults: KeyspaceFile, which names the file that is of no use and why. */
export function readEtcdFiles(files: EtcdFiles): {
  readonly tls: EtcdTls
  readonly login: EtcdLogin | undefined
} {
  const { authority, certificate, key } = files
  const authorityPem = authority === undefined ? undefined : certificatesIn(authority)
  const certificatePem = certificate === undefined ? undefined : certificatesIn(certificate)
  const keyPem = key === undefined ? undefined : keyIn(key, certificatePem, certificate)
  const names = { authority, certificate, password: files.password ?? PASSWORD_VARIABLE }
  return { tls: { authorityPem, certificatePem, keyPem, names }, login: loginOf(files) }
}

function loginOf({ user, password }: EtcdFiles): EtcdLogin | undefined {
  if (user === undefined) return undefined
  const login = { user, password: () => passwordOf(password) }
  login.password() // what is wrong with it is said now
  return login
}

// As people make them with echo: what ends the line is not meant.
function passwordOf(file: string | undefined): string {
  const password = file === undefined ? process.env[PASSWORD_VARIABLE] : read(file).replace(/\r?\n$/, '')
  if (password !== undefined && password !== '') return password
  const where = file === undefined ? `${PASSWORD_VARIABLE} holds no password` : `${file} holds no password`
  throw unusable(where, `Write it into a file for --keyspace-password-file, or into ${PASSWORD_VARIABLE}.`)
}

// Of several authorities one that holds is enough.
function certificatesIn(file: string): string {
  const pem = read(file)
  const all = pem.split(/(?=-----BEGIN CERTIFICATE-----)/).filter(part => part.includes('-----BEGIN CERTIFICATE-----'))
  const certificates = (all.length === 0 ? [pem] : all).map(part => certificateOf(part, file))
  const now = Date.now()
  const holds = ({ validFrom, validTo }: X509Certificate) => Date.parse(validFrom) <= now && now < Date.parse(validTo)
  const [first] = certificates
  if (first === undefined || certificates.some(holds)) return pem
  const [from, to] = [new Date(first.validFrom).toISOString(), new Date(first.validTo).toISOString()]
  if (Date.parse(first.validTo) <= now)
    throw unusable(`the certificate in ${file} expired at ${to}`, 'Put a new one there.')
  throw unusable(`the certificate in ${file} holds only from ${from} on`, 'Set the clock of this machine right.')
}

function certificateOf(pem: string, file: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (error) {
    throw unusable(
      `${file} holds no certificate in PEM`,
      'Name a file that begins with -----BEGIN CERTIFICATE-----.',
      error,
    )
  }
}

function keyIn(file: string, certificatePem: string | undefined, certificate: string | undefined): string {
  const pem = read(file)
  const isOf = keyFits(pem, file, certificatePem)
  if (!isOf) throw unusable(`the key in ${file} is not the key of ${certificate}`, 'Name the key that goes with it.')
  return pem
}

function keyFits(pem: string, file: string, certificatePem: string | undefined): boolean {
  try {
    const key = createPrivateKey(pem)
    return certificatePem === undefined || new X509Certificate(certificatePem).checkPrivateKey(key)
  } catch (error) {
    throw unusable(
      `${file} holds no private key in PEM, or an encrypted one`,
      'Name a file with a plain key in PEM.',
      error,
    )
  }
}

function read(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (error) {
    throw unusable(
      `${file} cannot be read`,
      'Restore it, or name another: cairn up --keyspace-ca, --keyspace-cert, ...',
      error,
    )
  }
}

function unusable(what: string, hint: string, cause?: unknown): Error {
  return mainFault('KeyspaceFile', `keyspace: ${what}`, { hint, cause })
}
