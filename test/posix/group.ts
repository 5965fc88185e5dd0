// The process that runs one group of cases: node group.ts DIR GROUP RULES [MATCH]; one JSON line per finished case on stdout.
import { writeSync } from 'node:fs'
import { inspect } from 'node:util'
import type { Context, Need, NeedyCase, Step } from './case.ts'
import { GROUPS } from './groups.ts'
import { type Peer, startPeer } from './peer-client.ts'
import { removeTree } from './remove-tree.ts'
import type { CaseResult, Rules } from './runner.ts'
import * as sys from './sys/index.ts'

const [top = '', group = '', rules = 'posix', match = ''] = process.argv.slice(2)
await runGroup()

async function runGroup(): Promise<void> {
  const table = GROUPS[group]
  if (!table) throw new Error(`no group ${group}; there are ${Object.keys(GROUPS).join(', ')}`)
  let number = 0
  for (const [name, one] of Object.entries(table)) {
    if (!name.includes(match)) continue
    number++
    // Announced first, so that the runner can name the case which never came back.
    report({ started: name })
    report(await runCase(name, one, `${top}/${group}-${number}`))
  }
  process.exit(0)
}

function report(line: CaseResult | { started: string }): void {
  writeSync(1, `${JSON.stringify(line)}\n`)
}

async function runCase(name: string, one: Step | NeedyCase, dir: string): Promise<CaseResult> {
  const { needs, run } = typeof one === 'function' ? { needs: [], run: one } : one
  const missing = needs.find(need => !holds(need, rules === 'cairn' ? 'cairn' : 'posix'))
  if (missing) return { group, name, outcome: 'skipped', reason: missing === 'root' ? 'needs root' : 'a rule of Cairn' }
  const startMs = performance.now()
  const took = () => Math.round(performance.now() - startMs)
  try {
    await inFreshFolder(dir, run)
    return { group, name, outcome: 'passed', tookMs: took() }
  } catch (error) {
    return { group, name, outcome: 'failed', reason: reasonOf(error), tookMs: took() }
  }
}

function holds(need: Need, under: Rules): boolean {
  return need === 'root' ? process.geteuid?.() === 0 : under === 'cairn'
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return inspect(error)
  const where = error.stack?.split('\n').find(line => line.includes('/cases/'))
  return `${error.message.trim()}${
    where
      ? ` (${where
          .trim()
          .replace(/.*\/cases\//, '')
          .replace(/\)$/, '')})`
      : ''
  }`
}

async function inFreshFolder(dir: string, run: Step): Promise<void> {
  sys.mkdir(dir, 0o755)
  sys.chdir(dir)
  sys.umask(0o022)
  const peers: Peer[] = []
  const context: Context = {
    dir,
    async peer() {
      const started = await startPeer(dir)
      peers.push(started)
      return started
    },
  }
  try {
    await run(context)
  } finally {
    for (const started of peers) await started.kill()
    closeLeft()
    sys.umask(0o022)
    sys.chdir(top)
    removeTree(dir)
  }
}

/** Closes what a failed case left open below the mount, so that the next case starts clean and the mount can go. */
function closeLeft(): void {
  for (const name of listFds()) {
    const path = linkOf(name)
    if (path.startsWith(`${top}/`)) sys.close(Number(name))
  }
}

function listFds(): string[] {
  const fd = sys.open('/proc/self/fd', sys.O_RDONLY | sys.O_DIRECTORY)
  const found = sys.getdents(fd, 1 << 20).map(entry => entry.name.toString())
  sys.close(fd)
  return found.filter(name => /^\d+$/.test(name) && Number(name) !== fd)
}

function linkOf(fd: string): string {
  return sys.readlink(`/proc/self/fd/${fd}`).toString('latin1')
}
