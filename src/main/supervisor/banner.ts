import type { Fault } from '#base'
import { doorOf } from '#rpc'
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
  /** Mounts that were wanted; none with `--no-mount`. */
  readonly mounts: readonly MountOutcome[]
}

/** The lines `cairn up` prints: where things are and what to try. */
export function banner({ version, dataFolder, mounts }: Running): string {
  const home = mounts.find(({ mount, fault }) => mount.filesystem === 'home' && fault === undefined)
  const lines = [
    `Cairn ${version} is running.`,
    '',
    `  data   ${dataFolder}`,
    ...(mounts.length === 0 ? ['  mount  none this time'] : mounts.flatMap(each => mountLines(each, mounts))),
    ...(mounts.every(({ mount }) => isMounted(mount.filesystem, mounts)) ? [] : [WITHOUT_MOUNT]),
    `  door   ${doorOf(dataFolder)}`,
    '',
    'Try, in another terminal:',
    ...(home === undefined ? [] : [`  cp -a ~/Documents ${home.mount.path}/`]),
    '  cairn put ~/Documents /',
    '  cairn ls -l /',
    '  cairn status',
    '',
    'Ctrl-C or `cairn down` ends it cleanly.',
    '',
  ]
  return lines.join('\n')
}

/** The same as one JSON document. */
export function bannerJson({ version, dataFolder, mounts }: Running): string {
  const rows = mounts.map(({ mount, fault }) => (fault === undefined ? mount : { ...mount, error: fault.message }))
  return `${JSON.stringify({ version, dataFolder, door: doorOf(dataFolder), mounts: rows }, undefined, 2)}\n`
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
