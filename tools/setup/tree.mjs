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
  if (whyStale(modules, node) !== undefined) {
    await underLock(async () => {
      const reason = whyStale(modules, node)
      if (reason !== undefined) await install(reason, fresh => verify(fresh, node))
    })
  }
  return join(modules, node.program)
}

/** npm passes over optional packages it could not install, and the pinned Node is one: look before the swap. */
function verify(fresh, node) {
  const reason = whyStale(fresh, node)
  if (reason === undefined) return
  throw new Complaint(
    `npm installed the packages, but ${reason}`,
    'Try again. The pinned Node needs glibc 2.28 or newer; on Alpine and other musl systems use a glibc container.',
  )
}

/** Where in node_modules the pinned Node is and which version it must say it is, from package.json. */
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
  return { program: join(name, 'bin', 'node'), version: `v${version}` }
}

/** Why `folder` is not what the lock file names, in words, or undefined. npm keeps a record of what it installed. */
function whyStale(folder, node) {
  const wanted = readJson(join(root, 'package-lock.json'))?.packages
  if (wanted === undefined) {
    throw new Complaint('package-lock.json cannot be read', 'Restore it: git checkout package-lock.json')
  }
  const installed = readJson(join(folder, '.package-lock.json'))?.packages
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
  return whyUnusable(folder, node)
}

/** Optional entries without an `os` belong to builds for other systems. */
function isNeededHere(entry) {
  if (!entry.optional) return true
  const fits = (list, mine) => list === undefined || list.includes(mine)
  return entry.os !== undefined && fits(entry.os, 'linux') && fits(entry.cpu, process.arch) && fits(entry.libc, 'glibc')
}

function whyUnusable(folder, node) {
  try {
    const output = execFileSync(join(folder, node.program), ['--version'], { encoding: 'utf8', stdio: 'pipe' })
    const said = output.trim()
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
