import fs from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'
import { whyOf } from '#base'
import { isJsonObject, type Json, jsonAt, type JsonObject, listAt, textAt } from '#schema'
import { clientFault } from '../faults.ts'

/** How to reach an API, and as whom. */
export interface Access {
  /** `https://HOST:PORT`. */
  readonly url: string
  /** Whom the server's certificate must be of. */
  readonly authorityPem: string
  /** Whom to trust the server to be, when its certificate does not name the host of the URL. */
  readonly serverName: string | undefined
  readonly credential:
    | { readonly kind: 'certificate'; readonly certificatePem: string; readonly keyPem: string }
    | { readonly kind: 'token'; readonly token: string }
}

/**
 * What a kubeconfig says for its current context (k8s.io/client-go/tools/clientcmd/api/v1). Faults: BadRequest for a file that
 * is none, or that asks for what is not spoken here.
 */
export function readKubeconfig(file: string): Access {
  return accessOf(parsed(file, read(file)), path.dirname(file))
}

function accessOf(config: JsonObject, folder: string): Access {
  const current = textAt(config, 'current-context') ?? ''
  const context = named(config, 'contexts', 'context', current)
  const cluster = named(config, 'clusters', 'cluster', textAt(context, 'cluster') ?? '')
  const user = named(config, 'users', 'user', textAt(context, 'user') ?? '')
  refuse(cluster, ['insecure-skip-tls-verify', 'proxy-url'])
  refuse(user, ['exec', 'auth-provider', 'username', 'password', 'as', 'as-groups', 'as-uid', 'as-user-extra'])
  const url = textAt(cluster, 'server') ?? ''
  if (!url.startsWith('https://')) throw bad(`"${url}" is no https URL`)
  const authorityPem = content(cluster, 'certificate-authority', folder)
  if (authorityPem === undefined) throw bad('the cluster has no certificate-authority')
  const serverName = textAt(cluster, 'tls-server-name')
  return { url, authorityPem, serverName, credential: credentialOf(user, folder) }
}

function credentialOf(user: JsonObject, folder: string): Access['credential'] {
  const certificatePem = content(user, 'client-certificate', folder)
  const keyPem = content(user, 'client-key', folder)
  if (certificatePem !== undefined && keyPem !== undefined) return { kind: 'certificate', certificatePem, keyPem }
  const file = textAt(user, 'tokenFile')
  const token = textAt(user, 'token') ?? (file === undefined ? undefined : read(path.resolve(folder, file)).trim())
  if (token === undefined || token === '')
    throw bad('the user has neither a client certificate with its key nor a token')
  return { kind: 'token', token }
}

// In line as base64 in `NAME-data`, or in a file named by `NAME`.
function content(from: JsonObject, name: string, folder: string): string | undefined {
  const data = textAt(from, `${name}-data`)
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8')
  const file = textAt(from, name)
  return file === undefined ? undefined : read(path.resolve(folder, file))
}

function named(config: JsonObject, list: string, field: string, name: string): JsonObject {
  const found = jsonAt(
    listAt(config, list).find(each => textAt(each, 'name') === name),
    field,
  )
  if (!isJsonObject(found)) throw bad(`${list} has no "${name}"`)
  return found
}

function refuse(part: JsonObject, names: readonly string[]): void {
  const unspoken = names.find(name => part[name] !== undefined && part[name] !== false)
  if (unspoken !== undefined) throw bad(`"${unspoken}" is not spoken`)
}

function parsed(file: string, text: string): JsonObject {
  try {
    const config = parse(text) as Json
    if (isJsonObject(config)) return config
  } catch (error) {
    throw clientFault('BadRequest', `${file} is no kubeconfig: ${whyOf(error)}`, { cause: error })
  }
  throw clientFault('BadRequest', `${file} is no kubeconfig`)
}

function read(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (error) {
    throw clientFault('BadRequest', `the kubeconfig cannot be read: ${whyOf(error)}`, { cause: error })
  }
}

function bad(why: string): Error {
  return clientFault('BadRequest', `the kubeconfig cannot be used: ${why}`)
}
