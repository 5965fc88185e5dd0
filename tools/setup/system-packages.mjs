import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { withServicesKeptOff } from './services.mjs'

/** A program each Debian package brings, by which we see that it is there, and what is off without it. */
const known = {
  fuse3: { program: 'fusermount3', off: 'mounting as an ordinary user' },
  'kubernetes-client': { program: 'kubectl', off: 'testing with kubectl' },
  'etcd-server': { program: 'etcd', off: 'testing against etcd' },
  'etcd-client': { program: 'etcdctl', off: 'testing against etcd' },
  podman: { program: 'podman', off: 'labs of simulated machines' },
  runc: { program: 'runc', off: 'labs of simulated machines' },
  catatonit: { program: 'catatonit', off: 'labs of simulated machines' },
  iproute2: { program: 'ip', off: 'labs of simulated machines' },
  nftables: { program: 'nft', off: 'labs of simulated machines' },
  'wireguard-go': { program: 'wireguard-go', off: 'the mesh between simulated machines' },
  'wireguard-tools': { program: 'wg', off: 'the mesh between simulated machines' },
  e2fsprogs: { program: 'mkfs.ext4', off: 'labs of simulated machines' },
  'glusterfs-server': { program: 'glusterd', off: 'measuring against GlusterFS' },
  'moosefs-master': { program: 'mfsmaster', off: 'measuring against MooseFS' },
  'moosefs-chunkserver': { program: 'mfschunkserver', off: 'measuring against MooseFS' },
  'moosefs-client': { program: 'mfsmount', off: 'measuring against MooseFS' },
}

/**
 * Installs those of `names` that are missing, when this is root on a Debian-like system and `CAIRN_APT` is not `no`.
 * What is missing in the end is named with its remedy; nothing else is held up.
 */
export async function offerSystemPackages(names) {
  const missing = names.filter(name => !isOnPath(known[name].program))
  if (missing.length === 0) return
  const wayOff = whyNot()
  if (wayOff === undefined) {
    say(`installing the system packages ${missing.join(', ')} (CAIRN_APT=no declines)`)
    await withServicesKeptOff(async prefix => {
      if (await aptGet(prefix, ['install', ...missing])) return
      // A fresh container has no package lists.
      if (await aptGet(prefix, ['update'])) await aptGet(prefix, ['install', ...missing])
    })
  }
  for (const name of missing) {
    if (isOnPath(known[name].program)) continue
    say(`${name} is missing${wayOff ?? ''}: ${known[name].off} is off. Remedy: sudo apt-get install ${name}`)
  }
}

/** Why nothing is installed, as the end of a sentence, or undefined when it may be. */
function whyNot() {
  if (process.env['CAIRN_APT'] === 'no') return ' and CAIRN_APT=no declines installing it'
  if (process.getuid() !== 0) return ' and only root can install it'
  if (!existsSync('/etc/debian_version') || !isOnPath('apt-get')) return ' and this is not a Debian-like system'
  return undefined
}

async function aptGet(prefix, args) {
  const [command, ...first] = [
    ...prefix,
    'apt-get',
    '-qq',
    '--yes',
    '--no-install-recommends',
    '-oDPkg::Lock::Timeout=60',
    '-oDpkg::Use-Pty=0',
  ]
  const child = spawn(command, [...first, ...args], {
    stdio: ['ignore', 2, 2],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
  return await new Promise(resolve => {
    child.on('error', () => resolve(false))
    child.on('close', code => resolve(code === 0))
  })
}

function isOnPath(program) {
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/local/bin',
    '/usr/bin',
    '/bin',
    '/usr/sbin',
    '/sbin',
    '/usr/libexec/podman',
  ]
  return folders.some(folder => folder !== '' && existsSync(join(folder, program)))
}

function say(text) {
  process.stderr.write(`setup: ${text}\n`)
}
