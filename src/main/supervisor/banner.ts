import type { Fault } from '#base'
import { doorOf, kubeconfigOf } from '#rpc'
import type { ControlReady } from '../control/messages.ts'
import { type CloudPlace, shortCloud } from '../cloud-place.ts'
import type { ApiOutcome } from './control.ts'
import type { WantedMount } from './mount-table.ts'

/** How a mount that was wanted came out. */
export interface MountOutcome {
  readonly mount: WantedMount
  /** Why it is not there. */
  readonly fault?: Fault
}

/** What is told when everything runs. */
export interface Running {
  readonly version: string
  readonly dataFolder: string
  /** What this machine is in which cloud; undefined before it is in one. */
  readonly cloud?: CloudPlace | undefined
  /** Mounts that were wanted; none with `--no-mount`. */
  readonly mounts: readonly MountOutcome[]
  /** Undefined when there is no API this time. */
  readonly api: ApiOutcome | undefined
  /** True when what is told goes to a journal that others may read. */
  readonly isJournal: boolean
}

/** The lines `cairn up` prints: where things are and what to try. */
export function banner({ version, dataFolder, cloud, mounts, api, isJournal }: Running): string {
  const home = mounts.find(({ mount, fault }) => mount.filesystem === 'home' && fault === undefined)
  const lines = [
    `Cairn ${version} is running.`,
    '',
    `  data   ${dataFolder}`,
    ...(mounts.length === 0 ? ['  mount  none this time'] : mounts.flatMap(each => mountLines(each, mounts))),
    ...(mounts.every(({ mount }) => isMounted(mount.filesystem, mounts)) ? [] : [WITHOUT_MOUNT]),
    `  door   ${doorOf(dataFolder)}`,
    ...cloudLines(cloud),
    ...(cloud?.role === 'node' ? [] : apiLines(api, dataFolder)),
    ...phraseLines(api, isJournal),
    '',
    'Try, in another terminal:',
    ...(home === undefined ? [] : [`  cp -a ~/Documents ${home.mount.path}/`]),
    '  cairn put ~/Documents /',
    '  cairn ls -l /',
    '  cairn status',
    ...(isServed(api) ? [`  KUBECONFIG=${kubeconfigOf(dataFolder)} kubectl get namespaces`] : []),
    '',
    'Ctrl-C or `cairn down` ends it cleanly.',
    '',
  ]
  return lines.join('\n')
}

/** The same as one JSON document. */
export function bannerJson({ version, dataFolder, cloud, mounts, api }: Running): string {
  const rows = mounts.map(({ mount, fault }) => (fault === undefined ? mount : { ...mount, error: fault.message }))
  const served = isServed(api) ? { url: api.url, kubeconfig: kubeconfigOf(dataFolder) } : undefined
  const failed = api !== undefined && 'fault' in api ? { error: api.fault.message } : undefined
  const recoveryPhrase = isServed(api) ? api.recoveryPhrase : undefined
  const door = doorOf(dataFolder)
  const all = { version, dataFolder, door, cloud, mounts: rows, api: served ?? failed, recoveryPhrase }
  return `${JSON.stringify(all, undefined, 2)}\n`
}

function isServed(api: ApiOutcome | undefined): api is ControlReady {
  return api !== undefined && 'url' in api
}

function cloudLines(cloud: CloudPlace | undefined): readonly string[] {
  if (cloud === undefined) return []
  const { name, role, cloud: id, controllers } = cloud
  const lines = [`  cloud  ${shortCloud(id)}  (this machine is ${name}, a ${role})`]
  if (role === 'controller') return lines
  return [...lines, `  api    on ${controllers.length === 0 ? 'the controllers of the cloud' : controllers.join(', ')}`]
}

function apiLines(api: ApiOutcome | undefined, dataFolder: string): readonly string[] {
  if (api === undefined) return ['  api    none this time']
  if (isServed(api)) return [`  api    ${api.url}  (kubeconfig ${kubeconfigOf(dataFolder)})`]
  return [`  api    does not answer yet: ${api.fault.message}`, ...hintLines(api.fault)]
}

function phraseLines(api: ApiOutcome | undefined, isJournal: boolean): readonly string[] {
  const phrase = isServed(api) ? api.recoveryPhrase : undefined
  if (phrase === undefined) return []
  if (isJournal) return ['', 'A master key was made. `cairn key phrase` shows its recovery phrase: write it down.']
  const words = phrase.split(' ').map((word, index) => `${String(index + 1).padStart(2)} ${word.padEnd(9)}`)
  const rows = Array.from({ length: 4 }, (_, row) => `  ${words.slice(row * 6, row * 6 + 6).join(' ')}`.trimEnd())
  return [
    '',
    'Write these words down and keep them safe. They are shown once, and bring back the master key without',
    'which the secrets in the data folder cannot be read (`cairn key restore`):',
    '',
    ...rows,
  ]
}

function mountLines({ mount, fault }: MountOutcome, all: readonly MountOutcome[]): readonly string[] {
  const { filesystem, path } = mount
  if (fault === undefined) return [`  mount  ${path}  (filesystem ${filesystem})`]
  if (isMounted(filesystem, all)) {
    return [`  mount  ${filesystem} is not mounted at ${path}: ${fault.message}`, ...hintLines(fault)]
  }
  const elsewhere = filesystem === 'home' ? 'cairn up --mount FOLDER' : `cairn fs mount ${filesystem} FOLDER`
  const choice = fault.code === 'FuseUnavailable' ? [] : [`         To mount it elsewhere: ${elsewhere}`]
  return [`  mount  ${filesystem} is not mounted: ${fault.message}`, ...hintLines(fault), ...choice]
}

function isMounted(filesystem: string, all: readonly MountOutcome[]): boolean {
  return all.some(({ mount, fault }) => mount.filesystem === filesystem && fault === undefined)
}

function hintLines({ hint }: Fault): readonly string[] {
  return hint === undefined ? [] : [`         ${hint}`]
}

const WITHOUT_MOUNT = '         `cairn put`, `get`, `ls` and `rm` work without a mount.'
