import fs from 'node:fs'
import path from 'node:path'
import { exactly, type KeyspaceWords, list, optional, shape, text, word } from '#rpc'
import { mainFault } from '../faults.ts'
import { replaceFile } from '../keys/replace-file.ts'
import { ETCD_ENDPOINTS_MAX } from '../limits.ts'
import { memberFilesOf } from '../members/member-file.ts'
import { readEtcdFiles } from './etcd-files.ts'

/**
 * DATA/keyspace.json, version 1: where the control plane is kept. It alone decides. `etcd`: one that people run; `members`: one that
 * the controllers of the cloud run; `standby`: this controller does not know yet. Without the file it is embedded.
 */
const kindShape = shape({ version: exactly('v1'), kind: word('etcd', 'members', 'standby') })

const membersShape = shape({ endpoints: list(text(300), ETCD_ENDPOINTS_MAX) })

const etcdShape = shape({
  endpoints: list(text(300), ETCD_ENDPOINTS_MAX),
  /** What every key of this cloud begins with; ends in a slash, so that none begins with another. */
  prefix: text(256),
  authority: optional(text(4096)),
  certificate: optional(text(4096)),
  key: optional(text(4096)),
  user: optional(text(256)),
  /** The file with the user's password; without it CAIRN_KEYSPACE_PASSWORD has it. */
  password: optional(text(4096)),
})

/** An etcd, and how it is reached. Files are absolute. */
export type EtcdChoice = { readonly kind: 'etcd' | 'members' } & ReturnType<typeof etcdShape>

/** Where the control plane is kept. */
export type KeyspaceChoice = { readonly kind: 'embedded' } | { readonly kind: 'standby' } | EtcdChoice

/** Reads what people say of a keyspace. Faults: Invalid, which names the word that is wrong. */
export function choiceOf(words: KeyspaceWords): KeyspaceChoice {
  const { address, authority, certificate, key, user, password, prefix = '/cairn/' } = words
  if (address === 'embedded') {
    if ([authority, certificate, key, user, password].every(word => word === undefined)) return { kind: 'embedded' }
    throw invalid('files and users are for a keyspace in etcd', 'Leave them out, or name etcd=https://HOST:PORT.')
  }
  const [kind, list = ''] = address.split(/=(.*)/s)
  if (kind !== 'etcd') throw invalid(`"${address}" is no keyspace`, 'Say embedded, or etcd=https://HOST:PORT[,...].')
  const endpoints = list.split(',').map(endpointOf)
  if (endpoints.length > ETCD_ENDPOINTS_MAX) throw invalid('too many endpoints', `Name ${ETCD_ENDPOINTS_MAX} at most.`)
  if ((certificate === undefined) !== (key === undefined)) {
    throw invalid(
      'a certificate needs its key, and a key its certificate',
      'Give both --keyspace-cert and --keyspace-key.',
    )
  }
  if (!/^\/[\x21-\x7e]*\/$/.test(prefix)) throw invalid(`prefix "${prefix}"`, 'It begins and ends with a slash.')
  if (password !== undefined && user === undefined) throw invalid('a password needs its user', 'Give --keyspace-user.')
  const files = { authority: fileOf(authority), certificate: fileOf(certificate), key: fileOf(key) }
  const choice = { kind, endpoints, prefix, ...files, user, password: fileOf(password) } satisfies EtcdChoice
  readEtcdFiles(choice) // what is wrong with them is said now
  return choice
}

/** What people would say of it. */
export function wordsOfChoice(choice: KeyspaceChoice): string {
  switch (choice.kind) {
    case 'etcd':
      return `etcd=${choice.endpoints.join(',')}`
    case 'members':
      return 'the etcd of its controllers'
    case 'standby':
      return 'other controllers'
    default:
      return 'embedded'
  }
}

/** The etcd that the controllers of a cloud run, as this one reaches it. */
export function membersChoice(dataFolder: string, endpoints: readonly string[]): EtcdChoice {
  return {
    kind: 'members',
    endpoints,
    prefix: MEMBERS_PREFIX,
    ...memberFilesOf(dataFolder),
    user: undefined,
    password: undefined,
  }
}

// Nobody else uses it.
const MEMBERS_PREFIX = '/cairn/'

/** Where the control plane of a data folder is kept. Faults: DataFolder. */
export function readChoice(dataFolder: string): KeyspaceChoice {
  const file = choiceFile(dataFolder)
  if (!fs.existsSync(file)) return { kind: 'embedded' }
  try {
    const json: unknown = JSON.parse(fs.readFileSync(file, 'utf8'))
    const { kind } = kindShape(json, '')
    if (kind === 'standby') return { kind }
    if (kind === 'members') return membersChoice(dataFolder, membersShape(json, '').endpoints)
    return { kind, ...etcdShape(json, '') }
  } catch (error) {
    throw mainFault('DataFolder', `${file} does not say where the control plane is kept`, {
      hint: 'Say it anew: cairn up --keyspace etcd=https://HOST:PORT, or --keyspace embedded.',
      cause: error,
    })
  }
}

/** Keeps the control plane of a data folder there from its next start on. */
export function writeChoice(dataFolder: string, choice: KeyspaceChoice): void {
  const file = choiceFile(dataFolder)
  if (choice.kind === 'embedded') fs.rmSync(file, { force: true })
  else replaceFile(file, `${JSON.stringify({ version: 'v1', ...keptOf(choice) }, undefined, 2)}\n`)
  const folder = fs.openSync(dataFolder, 'r')
  fs.fsyncSync(folder) // before anything is written there, or told here
  fs.closeSync(folder)
}

// What is made up of the data folder may be moved with it.
function keptOf(choice: Exclude<KeyspaceChoice, { readonly kind: 'embedded' }>): object {
  return choice.kind === 'members' ? { kind: choice.kind, endpoints: choice.endpoints } : choice
}

/**
 * As {@link writeChoice}, for what people say at a start. A control plane that is somewhere else is not left behind for an
 * empty one. Faults: Invalid.
 */
export function chooseKeyspace(dataFolder: string, words: KeyspaceWords): void {
  const [wanted, now] = [choiceOf(words), readChoice(dataFolder)]
  const isThere = now.kind !== 'embedded' || fs.existsSync(embeddedFolder(dataFolder))
  if (isThere && wanted.kind !== now.kind) {
    const there = now.kind === 'embedded' ? embeddedFolder(dataFolder) : choiceFile(dataFolder)
    throw invalid(
      `the control plane of ${dataFolder} is in ${wordsOfChoice(now)}`,
      `Move it: cairn keyspace migrate --to ${words.address}; to begin with nothing instead, take ${there} away.`,
    )
  }
  writeChoice(dataFolder, wanted)
}

/** The folder of the keyspace that is embedded. */
export function embeddedFolder(dataFolder: string): string {
  return path.join(dataFolder, 'control', 'keyspace')
}

function choiceFile(dataFolder: string): string {
  return path.join(dataFolder, 'keyspace.json')
}

function endpointOf(word: string): string {
  const url = URL.canParse(word) ? new URL(word) : undefined
  if (url !== undefined && (url.username !== '' || url.password !== '')) {
    throw invalid(
      'users and passwords do not belong into an address',
      'Give --keyspace-user and --keyspace-password-file.',
    )
  }
  const isPlain = url !== undefined && url.pathname === '/' && url.search === ''
  if (!isPlain || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw invalid(`"${word}" is no endpoint of etcd`, 'It is https://HOST:PORT.')
  }
  if (url.protocol === 'http:' && !/^(localhost|127\.[\d.]+|\[::1\])$/.test(url.hostname)) {
    throw invalid(`${word} would send everything in the clear`, 'Use https:// to another machine.')
  }
  return url.origin
}

function fileOf(word: string | undefined): string | undefined {
  if (word === undefined) return undefined
  const file = path.resolve(word)
  try {
    fs.accessSync(file, fs.constants.R_OK)
  } catch (error) {
    throw mainFault('Invalid', `keyspace: ${file} cannot be read`, { hint: 'Name a file that is there.', cause: error })
  }
  return file
}

function invalid(what: string, hint: string): Error {
  return mainFault('Invalid', `keyspace: ${what}`, { hint })
}
