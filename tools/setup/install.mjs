import { spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { Complaint } from './complaint.mjs'
import { modules, root, workshop } from './paths.mjs'

/** What has to be free: the packages, 400 MiB, while the old ones are still there, and room to breathe. */
const SPACE_MIB = 600

/**
 * Installs the locked packages beside the tree and swaps them in by rename: a running Cairn keeps the files it has
 * open, and an install that fails leaves the old tree as it was. `verify` throws when the fresh packages are not whole.
 * The caller holds the lock.
 */
export async function install(reason, verify) {
  const old = join(workshop, 'old')
  const startedAt = Date.now()
  process.stderr.write(`setup: ${reason}; installing (about 350 MB, once)\n`)
  try {
    clear()
    checkSpace()
    const fresh = mkdtempSync(join(workshop, 'fresh-'))
    for (const name of ['package.json', 'package-lock.json', '.npmrc'])
      copyFileSync(join(root, name), join(fresh, name))
    await npmCi(fresh)
    verify(join(fresh, 'node_modules'))
    if (existsSync(modules)) renameSync(modules, old)
    renameSync(join(fresh, 'node_modules'), modules)
  } catch (error) {
    if (existsSync(old) && !existsSync(modules)) renameSync(old, modules)
    throw error instanceof Complaint
      ? error
      : new Complaint(`the install failed (${error.message})`, remedyOf(error.code))
  } finally {
    clear()
  }
  process.stderr.write(`setup: done in ${((Date.now() - startedAt) / 1000).toFixed(0)} s\n`)
}

/** A full disk makes npm leave packages out without a word. */
function checkSpace() {
  const { bavail, bsize } = statfsSync(workshop)
  const freeMiB = Math.floor((bavail * bsize) / 2 ** 20)
  if (freeMiB >= SPACE_MIB) return
  throw new Complaint(`the disk of ${root} has ${freeMiB} MiB free`, `Free at least ${SPACE_MIB} MiB and try again.`)
}

/** Removes what an earlier install, perhaps a killed one, left. */
function clear() {
  for (const name of readdirSync(workshop)) {
    if (name !== 'lock') rmSync(join(workshop, name), { recursive: true, force: true })
  }
}

/**
 * `--loglevel=error` hides the warnings that packages want a newer Node than the one npm runs on: they run on the
 * pinned one. The other options win over a person's own npm settings, with which the tree would be incomplete.
 */
async function npmCi(folder) {
  const options = [
    '--loglevel=error',
    '--engine-strict=false',
    '--include=dev',
    '--include=optional',
    '--ignore-scripts',
  ]
  const npm = process.env['npm_execpath']
  const [command, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []]
  const child = spawn(command, [...first, 'ci', ...options], { cwd: folder, stdio: ['ignore', 'inherit', 'pipe'] })
  const passOn = signal => child.kill(signal)
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, passOn)
  const ticking = showSeconds()
  let said = ''
  child.stderr.on('data', bytes => {
    process.stderr.write(bytes)
    said = (said + bytes).slice(-20_000)
  })
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  clearInterval(ticking)
  for (const signal of ['SIGTERM', 'SIGHUP']) process.removeListener(signal, passOn)
  if (code !== 0) throw new Complaint(`npm ci ended with ${code}`, remedyOf(/\bcode (E[A-Z_]+)/.exec(said)?.[1]))
}

/** At a terminal, shows that something still happens. */
function showSeconds() {
  if (!process.stderr.isTTY) return undefined
  let seconds = 0
  return setInterval(() => process.stderr.write(`\rsetup: ${++seconds} s\r`), 1000)
}

function remedyOf(code) {
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'ECONNREFUSED':
    case 'ECONNRESET':
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
    case 'ETIMEDOUT':
      return `The npm registry was not reached (${code}). Check the network, or npm's proxy and registry settings: npm config ls`
    case 'ENOSPC':
    case 'EDQUOT':
      return `The disk of ${root} is full (${code}). Free at least ${SPACE_MIB} MiB and try again.`
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `A file could not be written (${code}). Run it as the owner of ${root}; if npm's own cache is named above, own it: chown -R "$(id -u)" ~/.npm`
    case 'EUSAGE':
      return 'package.json and package-lock.json do not agree. Restore both: git checkout package.json package-lock.json'
    case 'ENOENT':
      return 'npm was not found. Install it: sudo apt-get install npm, or any Node 20 or newer with npm.'
    case 'EBUSY':
    case 'EXDEV':
      return `${modules} is a mount of its own and cannot be exchanged (${code}). Unmount it and try again.`
    case 'EINTEGRITY':
      return 'A download does not match the lock file. Try again: npm cache verify; if it stays, somebody changes files on the way.'
    default:
      return 'What npm said is above. Try again; if it stays, report it with that text.'
  }
}
