import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** Everything of this machine that a lab might leave behind, as lines that can be compared. */
export function traces(folder: string): Readonly<Record<string, readonly string[]>> {
  return {
    containers: linesOf('podman', 'ps', '--all', '--format', '{{.Names}}'),
    namespaces: linesOf('ip', 'netns', 'list').map(line => line.split(' ')[0] ?? ''),
    loops: linesOf('losetup', '--list', '--noheadings', '--output', 'NAME,BACK-FILE'),
    mounts: readFileSync('/proc/self/mounts', 'utf8').split('\n').sort(),
    interfaces: linesOf('ip', '-brief', 'link').map(line => line.split(/\s+/)[0] ?? ''),
    addresses: linesOf('ip', '-oneline', 'addr').map(line => line.split(/\s+/).slice(1, 4).join(' ')),
    rules: linesOf('nft', '--stateless', 'list', 'ruleset'),
    processes: markedProcesses(),
    layers: existsSync(LAYERS) ? readdirSync(LAYERS).sort() : [],
    folder: existsSync(folder) ? readdirSync(folder) : [],
  }
}

const LAYERS = '/var/lib/containers/storage/overlay-containers'

function linesOf(program: string, ...words: readonly string[]): readonly string[] {
  return execFileSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    .trim()
    .split('\n')
    .sort()
}

function markedProcesses(): readonly string[] {
  return readdirSync('/proc').filter(pid => {
    if (!/^\d+$/.test(pid)) return false
    try {
      return /(^|\0)CAIRN_LAB=/.test(readFileSync(`/proc/${pid}/environ`, 'latin1'))
    } catch {
      return false // it ended meanwhile
    }
  })
}
