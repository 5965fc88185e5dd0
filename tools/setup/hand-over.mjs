import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, join } from 'node:path'
import { modules } from './paths.mjs'

/** Signals that ask to end. A terminal sends the first three to every process of the job itself. */
const fromTerminal = ['SIGINT', 'SIGQUIT', 'SIGHUP']
const endings = [...fromTerminal, 'SIGTERM']

/**
 * Runs the pinned Node in place of this process: same terminal, same folder, signals passed on, and this process ends
 * as the child ended. Node 20 cannot exec, so the parent stays and does nothing else.
 */
export async function handOver(node, args) {
  const startedInForeground = isForegroundJob()
  const child = spawn(node, args, { stdio: 'inherit', env: environment() })
  for (const signal of endings) {
    process.on(signal, () => {
      // After a hang-up there is no terminal any more to ask about.
      const hadTerminal = isForegroundJob() || (signal === 'SIGHUP' && startedInForeground)
      if (!(fromTerminal.includes(signal) && hadTerminal)) child.kill(signal)
    })
  }
  const { code, signal } = await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => resolve({ code, signal }))
  })
  for (const each of endings) process.removeAllListeners(each)
  if (signal === null) process.exitCode = code
  else endBy(signal)
}

/** `.bin` first, so that whatever the child starts by the name `node` is the pinned one too. */
function environment() {
  return {
    ...process.env,
    PATH: `${join(modules, '.bin')}${delimiter}${process.env['PATH'] ?? ''}`,
    NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? join(modules, '.cache', 'compile'),
  }
}

/**
 * True in the foreground of a terminal, where Ctrl-C has reached the child already and passing it on would be a
 * second Ctrl-C. Fields of proc(5) stat after the name: state, ppid, pgrp, session, tty_nr, tpgid.
 */
function isForegroundJob() {
  const stat = readFileSync('/proc/self/stat', 'latin1')
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return group === foreground
}

function endBy(signal) {
  process.exitCode = 128 + constants.signals[signal]
  if (endings.includes(signal)) process.kill(process.pid, signal)
}
