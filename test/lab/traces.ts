import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

/** Everything of this machine that a lab might leave behind, as lines that can be compared. */
export type Traces = Readonly<Record<string, readonly string[]>>

/** Looks at this machine, but at nothing of other labs: people may have some. `folder` is where this lab is kept. */
export function traces(lab: string, folder: string): Traces {
  const containers = linesOf('podman', 'ps', '--all', '--no-trunc', '--format', '{{.ID}} {{.Names}}')
  const isOther = (name: string) => name.startsWith('cairn-lab-') && !isOf(lab, name)
  const others = containers.flatMap(line => (isOther(line.slice(65)) ? line.slice(0, 64) : []))
  const isNoOther = (line: string) =>
    line !== '' &&
    !others.some(id => line.includes(id)) &&
    !line.split(/[\s/]/).some(isOther) &&
    !line.includes('/cairn-lab/')
  const all: Traces = {
    containers,
    namespaces: linesOf('ip', 'netns', 'list').map(line => line.split(' ')[0] ?? ''),
    loops: linesOf('losetup', '--list', '--noheadings', '--output', 'BACK-FILE'),
    mounts: mounts(),
    interfaces: linesOf('ip', '-oneline', 'addr').map(line => line.split(/\s+/).slice(1, 4).join(' ')),
    rules: linesOf('nft', '--stateless', 'list', 'ruleset'),
    processes: markedProcesses(lab),
    layers: existsSync(LAYERS) ? readdirSync(LAYERS).sort() : [],
    folder: existsSync(folder) ? readdirSync(folder) : [],
  }
  return Object.fromEntries(Object.entries(all).map(([what, lines]) => [what, lines.filter(isNoOther)]))
}

/** Throws unless a machine is as it was before a lab; other labs that come and go meanwhile get a moment. */
export async function assertNoTraces(before: Traces, lab: string, folder: string): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    if (JSON.stringify(traces(lab, folder)) === JSON.stringify(before)) return
    await delay(100)
  }
  assert.deepEqual(traces(lab, folder), before)
}

const LAYERS = '/var/lib/containers/storage/overlay-containers'

function isOf(lab: string, name: string): boolean {
  return name === `cairn-lab-${lab}` || name.startsWith(`cairn-lab-${lab}.`)
}

function linesOf(program: string, ...words: readonly string[]): readonly string[] {
  return execFileSync(program, words, { encoding: 'utf8', stdio: 'pipe' }).trim().split('\n').sort()
}

// Filesystems of Cairn on the host itself are no lab's: machines mount theirs where only they see them. The folder of
// network namespaces is mounted from the first lab to the last, whoever's.
function mounts(): readonly string[] {
  const lines = readFileSync('/proc/self/mounts', 'utf8').split('\n')
  return lines.filter(line => !line.includes(' fuse.cairn ') && !line.includes(' /run/netns ')).sort()
}

function markedProcesses(lab: string): readonly string[] {
  return readdirSync('/proc').filter(pid => {
    if (!/^\d+$/.test(pid)) return false
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`CAIRN_LAB=${lab}`)
    } catch {
      return false // it ended meanwhile
    }
  })
}
