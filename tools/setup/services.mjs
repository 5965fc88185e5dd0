import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Debian asks this program before a package starts a service; 101 means no. See invoke-rc.d(8). */
const policyPath = '/usr/sbin/policy-rc.d'
const mark = '# Written by the set-up of Cairn while it installs packages; may be removed.'
const policy = `#!/bin/sh\n${mark}\nexit 101\n`

/**
 * Runs `work` with a command prefix under which apt-get starts no service. A policy the machine has is covered by a
 * bind mount that only apt-get sees; where there is none ours is written and removed again, also after Ctrl-C.
 */
export async function withServicesKeptOff(work) {
  const ignore = () => {}
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, ignore)
  const folder = mkdtempSync(join(tmpdir(), 'cairn-setup-'))
  let isOurs = false
  try {
    isOurs = writePolicy()
    if (isOurs) return await work([])
    const covering = join(folder, 'policy-rc.d')
    writeFileSync(covering, policy, { mode: 0o755 })
    return await work(['unshare', '--mount', 'sh', '-c', `mount --bind ${covering} ${policyPath} && exec "$@"`, 'sh'])
  } finally {
    if (isOurs) rmSync(policyPath, { force: true })
    rmSync(folder, { recursive: true, force: true })
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeListener(signal, ignore)
  }
}

/** True when the policy there is now is ours, from this run or left by one that was killed. */
function writePolicy() {
  try {
    writeFileSync(policyPath, policy, { mode: 0o755, flag: 'wx' })
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    return readFileSync(policyPath, 'utf8').includes(mark)
  }
}
