import { type ChildProcess, execFile, spawn } from 'node:child_process'

/** What a command said, and how it ended. */
export interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
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
