import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { isSystemError } from '#base'
import type { Command, Ended, LabHost } from '../command.ts'
import { labFault } from '../faults.ts'
import { COMMAND_BYTES_MAX, COMMAND_MS_MAX } from '../limits.ts'

/** This machine as labs are made on it. */
export function machineHost({ folder, program }: Pick<LabHost, 'folder' | 'program'>): LabHost {
  const env = { ...process.env, CONTAINERS_CONF: `${folder}/containers.conf` }
  return {
    folder,
    program,
    run: (command, signal) => run(command, env, signal),
    attach: (command, signal) => attach(command, env, signal),
    carryLate: (namespace, devices, ms, signal) => carryLate(namespace, [...devices, String(ms)], signal),
    end(pids) {
      for (const pid of pids) unlessMissing(() => process.kill(pid), true)
    },
    readFile: path => unlessMissing(() => fs.readFileSync(path, 'utf8'), undefined),
    writeFile(path, text) {
      fs.mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      fs.writeFileSync(path, text)
    },
    makeSparse(path, bytes) {
      fs.writeFileSync(path, '')
      fs.truncateSync(path, bytes)
    },
    list: path => unlessMissing(() => fs.readdirSync(path), []),
    remove: path => fs.rmSync(path, { recursive: true, force: true }),
  }
}

async function run([program, ...words]: Command, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Ended> {
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], env, signal, timeout: COMMAND_MS_MAX })
  const [code, out, err] = await Promise.all([endOf(child, program), textOf(child.stdout), textOf(child.stderr)])
  return { code, out, err }
}

function attach([program, ...words]: Command, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number> {
  return endOf(spawn(program, words, { stdio: 'inherit', env, signal }), program)
}

async function carryLate(namespace: string, words: readonly string[], signal: AbortSignal): Promise<void> {
  const file = join(import.meta.dirname, 'delay.ts')
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', file]
  const child = spawn('ip', ['netns', 'exec', namespace, ...node, ...words], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true, // it outlives this command
  })
  const ended = endOf(child, 'ip').then(code => {
    throw labFault('Failed', `a slow way could not be made (exit code ${code})`)
  })
  ended.catch(() => undefined)
  await Promise.race([once(child.stdout, 'data', { signal }), ended])
  child.stdout.destroy()
  child.unref()
}

function endOf(child: ChildProcess, program: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', error => reject(isSystemError(error, 'ENOENT') ? missing(program) : error))
    child.once('close', (code, signal) => resolve(code ?? (signal === null ? 1 : 137)))
  })
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of stream) {
    bytes += part.length
    if (bytes <= COMMAND_BYTES_MAX) parts.push(part)
  }
  return Buffer.concat(parts).toString()
}

function missing(program: string): Error {
  return labFault('Missing', `labs need the program ${program}, which is not there`, {
    hint: 'On Debian: sudo apt-get install podman runc catatonit iproute2 nftables e2fsprogs',
  })
}

function unlessMissing<T>(read: () => T, otherwise: T): T {
  try {
    return read()
  } catch (error) {
    if (isSystemError(error, 'ENOENT') || isSystemError(error, 'ESRCH')) return otherwise
    throw error
  }
}
