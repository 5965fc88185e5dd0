// `node tools/setup.mjs VERB [ARGUMENTS]` on any Node from 20 on: brings the tree up to date, then hands over to the
// pinned Node. Everything before the hand-over is plain JavaScript that needs no package.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { handOver } from './setup/hand-over.mjs'
import { Complaint } from './setup/complaint.mjs'
import { root } from './setup/paths.mjs'
import { offerSystemPackages } from './setup/system-packages.mjs'
import { bringUpToDate } from './setup/tree.mjs'

/** What the benchmark measures against; installed by nothing else. */
const peers = ['glusterfs-server', 'moosefs-master', 'moosefs-chunkserver', 'moosefs-client']

/** Judges of the keyspace in etcd, and what the embedded one is measured against. */
const etcd = ['etcd-server', 'etcd-client']

/** What simulated machines are made with. */
const lab = ['podman', 'runc', 'catatonit', 'iproute2', 'nftables', 'e2fsprogs', 'wireguard-go', 'wireguard-tools']

/** What each verb runs under the pinned Node, and the Debian packages it is better off with. */
const verbs = {
  start: { script: 'src/main/cairn.ts', first: ['up'], packages: ['fuse3'] },
  cairn: { script: 'src/main/cairn.ts', first: [], packages: [] },
  test: { script: 'tools/test.ts', first: [], packages: ['fuse3', 'kubernetes-client', ...etcd, ...lab] },
  check: { script: 'tools/check.ts', first: [], packages: [] },
  bench: { script: 'bench/run.ts', first: [], packages: ['fuse3', ...etcd, ...peers] },
  sim: { script: 'sim/run.ts', first: [], packages: [] },
  soak: { script: 'test/soak.ts', first: [], packages: ['fuse3'] },
}

const [name = '', ...rest] = process.argv.slice(2)
try {
  if (!Object.hasOwn(verbs, name)) {
    throw new Complaint(`unknown verb "${name}"`, `Use one of: ${Object.keys(verbs).join(', ')}.`, 2)
  }
  const verb = verbs[name]
  if (!existsSync(join(root, verb.script))) {
    throw new Complaint(`${name} needs ${verb.script}, which this version does not have`, 'Update the checkout.', 2)
  }
  const node = await bringUpToDate()
  await offerSystemPackages(verb.packages)
  await handOver(node, [join(root, verb.script), ...verb.first, ...rest])
} catch (error) {
  if (!(error instanceof Complaint)) throw error
  process.stderr.write(`setup: ${error.message}\n${error.remedy.replace(/^/gm, '  ')}\n`)
  process.exitCode = error.exitCode
}
