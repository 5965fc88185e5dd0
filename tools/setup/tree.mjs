import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Complaint } from './complaint.mjs'
import { install } from './install.mjs'
import { underLock } from './lock.mjs'
import { modules, root } from './paths.mjs'

/**
 * Makes node_modules hold what package-lock.json names for this machine, and returns the path of the pinned Node.
 * When nothing has to be done nothing is written, so a read-only checkout that is up to date works.
 */
export async function bringUpToDate() {
  const node = pinnedNode()
  if (whyStale(node) === undefined) return node.path
  await underLock(async () => {
    const reason = whyStale(node)
    if (reason !== undefined) await install(reason)
  })
  const reason = whyStale(node)
  if (reason === undefined) return node.path
  throw new Complaint(
    `the packages were installed, but ${reason}`,
    'The pinned Node needs glibc 2.28 or newer on x64 or arm64. On Alpine and other musl systems use a glibc container.',
  )
}

/** Where the pinned Node is and which version it must say it is, from package.json. */
function pinnedNode() {
  if (process.platform !== 'linux') {
    throw new Complaint(
      `Cairn runs on Linux, not on ${process.platform}`,
      'Use a Linux machine, virtual machine or container.',
    )
  }
  const name = `node-linux-${process.arch}`
  const version = readJson(join(root, 'package.json'))?.optionalDependencies?.[name]
  if (version === undefined) {
    throw new Complaint(`Cairn has no Node for ${process.arch}`, 'Supported are x64 and arm64.')
  }
  return { path: join(modules, name, 'bin', 'node'), version: `v${version}` }
}

/** Why the tree is out of date, in words, or undefined. Compares the lock file with npm's own record of what it installed. */
function whyStale(node) {
  const wanted = readJson(join(root, 'package-lock.json'))?.packages
  if (wanted === undefined) {
    throw new Complaint('package-lock.json cannot be read', 'Restore it: git checkout package-lock.json')
  }
  const installed = readJson(join(modules, '.package-lock.json'))?.packages
  if (installed === undefined) return 'the packages are not installed yet'
  for (const [path, entry] of Object.entries(wanted)) {
    if (!path.startsWith('node_modules/')) continue
    const found = installed[path]
    if (
      found === undefined ? isNeededHere(entry) : found.version !== entry.version || found.integrity !== entry.integrity
    ) {
      return `${path.slice('node_modules/'.length)} is not at the locked version ${entry.version}`
    }
  }
  return whyUnusable(node)
}

/** Optional entries without an `os` belong to builds for other systems. */
function isNeededHere(entry) {
  if (!entry.optional) return true
  const fits = (list, mine) => list === undefined || list.includes(mine)
  return entry.os !== undefined && fits(entry.os, 'linux') && fits(entry.cpu, process.arch) && fits(entry.libc, 'glibc')
}

function whyUnusable(node) {
  try {
    const said = execFileSync(node.path, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()
    return said === node.version ? undefined : `the pinned Node says it is ${said}, not ${node.version}`
  } catch (error) {
    return `the pinned Node ${node.version} does not run (${String(error.message).split('\n').at(-1)})`
  }
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}
