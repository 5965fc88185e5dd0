import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isSystemError } from '#base'
import type { Command, Ended, LabHost } from '../command.ts'
import { labFault } from '../faults.ts'
import { COMMAND_BYTES_MAX, COMMAND_MS_MAX } from '../limits.ts'
import { MARK } from '../names.ts'
import { takeLock } from './lock.ts'
import { endMarked, marked } from './marked.ts'

/** Where labs of this machine are, what they run, and which of them this is about. */
export interface MachineHost {
  readonly lab: string
  /** Where labs are kept. */
  readonly folder: string
  /** The checkout that machines run. */
  readonly checkout: string
}

/** This machine as labs are made on it. */
export function machineHost({ lab, folder, checkout }: MachineHost): LabHost {
  const env = { ...process.env, PATH: PATHS.join(delimiter), [MARK]: lab, CONTAINERS_CONF: `${folder}/containers.conf` }
  const node = [process.execPath, '--disable-warning=ExperimentalWarning'] as const
  const flip = [...node, join(import.meta.dirname, 'flip.ts')] as const
  const compile = [...node, `${checkout}/src/main/cairn.ts`, 'compile'] as const
  return {
    folder,
    program: { folder: checkout, cairn: `${checkout}/bin/cairn`, flip, compile },
    isRoot: process.geteuid?.() === 0,
    isTerminal: process.stdin.isTTY === true && process.stdout.isTTY === true,
    processors: os.cpus().length,
    has: program => PATHS.some(path => fs.existsSync(join(path, program))),
    run: (command, signal) => run(command, env, signal),
    attach: (command, signal) => attach(command, env, signal),
    carryLate: (namespace, devices, ms, signal) =>
      carryLate({ namespace, words: [...devices, String(ms)], env }, signal),
    endMarked: mark => endMarked(mark),
    marked: mark => marked(mark),
    lock: path => takeLock(path),
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    readFile: path => unlessMissing(() => fs.readFileSync(path, 'utf8'), undefined),
    writeFile,
    makeSparse(path, bytes) {
      fs.writeFileSync(path, '', { mode: 0o600 })
      fs.truncateSync(path, bytes)
    },
    list: path => unlessMissing(() => fs.readdirSync(path), []),
    remove: path => fs.rmSync(path, { recursive: true, force: true }),
  }
}

// What a lab needs is in the folders of the system's administration, which some people do not have on their path.
const PATHS = [...new Set([...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/bin', '/sbin', '/bin'])]

function writeFile(path: string, text: string): void {
  fs.mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  fs.writeFileSync(`${path}.new`, text, { mode: 0o600, flush: true })
  fs.renameSync(`${path}.new`, path)
}

async function run([program, ...words]: Command, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Ended> {
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], env, signal, timeout: COMMAND_MS_MAX })
  const [code, out, err] = await Promise.all([endOf(child, program), textOf(child.stdout), textOf(child.stderr)])
  return { code, out, err }
}

function attach([program, ...words]: Command, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number> {
  return endOf(spawn(program, words, { stdio: 'inherit', env, signal }), program)
}

interface LateWay {
  readonly namespace: string
  readonly words: readonly string[]
  readonly env: NodeJS.ProcessEnv
}

async function carryLate({ namespace, words, env }: LateWay, signal: AbortSignal): Promise<void> {
  const file = join(import.meta.dirname, 'delay.ts')
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', file]
  const child = spawn('ip', ['netns', 'exec', namespace, ...node, ...words], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env,
    cwd: '/',
    detached: true, // it outlives this command
  })
  const ended = endOf(child, 'ip').then(code => {
    throw labFault('Failed', `a slow way could not be made (exit code ${code})`, { hint: 'Is there /dev/net/tun?' })
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
    if (isSystemError(error, 'ENOENT') || isSystemError(error, 'ENOTDIR')) return otherwise
    throw error
  }
}
