import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

/** What a command said, and how it ended. */
export interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** The oldest and the newest kubectl of this machine: on PATH and beside what that leads to; none when there is none. */
export function kubectlPrograms(): readonly string[] {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const found = folders.map(folder => join(folder, 'kubectl')).find(path => existsSync(path))
  if (found === undefined) return []
  const folder = dirname(realpathSync(found))
  const minorOf = (name: string): number => Number(name.split('.')[2])
  const versioned = readdirSync(folder)
    .filter(name => /^kubectl\.1\.[0-9]+$/.test(name))
    .sort((a, b) => minorOf(a) - minorOf(b))
  const ends = [versioned[0], versioned.at(-1)].filter(name => name !== undefined)
  return ends.length === 0 ? [found] : [...new Set(ends)].map(name => join(folder, name))
}

/** A kubectl of one version that talks to one server. */
export class Kubectl {
  readonly #program: string
  readonly #env: NodeJS.ProcessEnv

  constructor(program: string, server: { readonly kubeconfig: string; readonly folder: string }) {
    this.#program = program
    this.#env = { ...process.env, HOME: server.folder, KUBECONFIG: server.kubeconfig, KUBE_EDITOR: 'false' }
  }

  /** Runs to its end; `input` is what it reads from `-f -`. */
  run(words: string, input: unknown = ''): Promise<Said> {
    return new Promise(resolve => {
      const options = { env: this.#env, timeout: 30_000 }
      const child = execFile(this.#program, split(words), options, (error, out, err) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err })
      })
      child.stdin?.on('error', () => undefined)
      child.stdin?.end(typeof input === 'string' ? input : JSON.stringify(input))
    })
  }

  /** Runs until it is stopped; what it says comes as it says it. */
  watch(words: string): ChildProcess {
    return spawn(this.#program, split(words), { env: this.#env, stdio: ['ignore', 'pipe', 'inherit'] })
  }
}

// Words, where quotes keep spaces and go.
function split(words: string): string[] {
  return Array.from(words.matchAll(/(?:'[^']*'|[^\s'])+/g), ([word]) => word.replaceAll("'", ''))
}
