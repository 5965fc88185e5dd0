import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { meshFault } from '#mesh'
import { PROGRAM_MS } from './limits.ts'

/** What a program printed and how it ended. */
export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs a program of this machine to its end; a failure is an answer. */
export function tryProgram(words: readonly string[]): Promise<Ran> {
  const [program = '', ...rest] = words
  const env = { ...process.env, PATH: FOLDERS.join(path.delimiter), WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD: '1' }
  return new Promise(resolve => {
    execFile(program, rest, { env, timeout: PROGRAM_MS, maxBuffer: OUT_BYTES_MAX }, (error, out, err) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ code, out, err: err === '' && error !== null ? error.message : err })
    })
  })
}

/** Runs a program of this machine; answers what it prints. Faults: MeshFailed. */
export async function runProgram(words: readonly string[]): Promise<string> {
  const { code, out, err } = await tryProgram(words)
  if (code === 0) return out
  const said = words.join(' ').slice(0, SAID_CHARACTERS)
  throw meshFault('MeshFailed', `\`${said}\` failed: ${err.trim().slice(-SAID_CHARACTERS)}`)
}

/** True when this machine has the program. */
export function hasProgram(program: string): boolean {
  return FOLDERS.some(folder => fs.existsSync(path.join(folder, program)))
}

const SAID_CHARACTERS = 200
const OUT_BYTES_MAX = 4 * 1024 * 1024
const FOLDERS = [
  ...(process.env['PATH'] ?? '').split(path.delimiter),
  '/usr/local/sbin',
  '/usr/sbin',
  '/sbin',
  '/usr/bin',
]
