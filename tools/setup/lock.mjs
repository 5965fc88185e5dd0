import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { Complaint } from './complaint.mjs'
import { root, workshop } from './paths.mjs'

/**
 * Runs `work` while no other set-up of this checkout does. The lock is flock(2) on a descriptor this process keeps, so
 * it is free again when the process ends, however it ends.
 */
export async function underLock(work) {
  const lock = openLock()
  try {
    if (!flock(lock, '--nonblock')) {
      process.stderr.write('setup: another set-up of this checkout is at work, waiting for it\n')
      if (!flock(lock)) throw new Complaint('waiting for the other set-up failed', 'Try again when it has ended.')
    }
    return await work()
  } finally {
    closeSync(lock)
  }
}

function openLock() {
  try {
    mkdirSync(workshop, { recursive: true })
    return openSync(join(workshop, 'lock'), 'w')
  } catch (error) {
    throw new Complaint(
      `the packages have to be installed, but ${root} cannot be written (${error.code})`,
      'Run it once as the owner of the checkout, or use a copy of your own: git clone it into a folder you can write.',
    )
  }
}

/** flock(1) locks the open file it inherits as descriptor 3, which stays ours after it has ended. */
function flock(lock, ...options) {
  const done = spawnSync('flock', ['--exclusive', ...options, '3'], { stdio: ['ignore', 'ignore', 'inherit', lock] })
  if (done.error)
    throw new Complaint(`flock cannot be run (${done.error.code})`, 'Install it: sudo apt-get install util-linux')
  return done.status === 0
}
