import assert from 'node:assert/strict'
import { closeSync } from 'node:fs'
import { machineLog } from '#host'
import { findMount, mountFuse, openFuseSession, unmount } from '#storage/fuse'
import { MemoryVfs } from './memory-vfs.ts'
import { sh } from './mounted.ts'

// Run as an ordinary user: mounts, serves itself, and has child processes use the mount.
// This process must not enter the mount itself, not even as the working folder of a child it is about to start.
const target = process.argv[2] ?? ''
const handle = await mountFuse({ target, source: 'cairn-user-test' })
const vfs = new MemoryVfs()
vfs.setAttributes(vfs.root, { uid: process.getuid?.(), gid: process.getgid?.() }, { uid: 0, gid: 0, umask: 0 })
await using session = await openFuseSession({ fd: handle.fd, vfs, log: machineLog })
try {
  assert.equal(findMount(target)?.kind, 'fuse.cairn')
  const output = await sh(`cd '${target}'; mkdir d; echo hello > d/f; cat d/f; rm -r d`, '/')
  assert.equal(output, 'hello\n')
} finally {
  await unmount(target)
}
assert.equal(await session.ended, 'unmounted')
closeSync(handle.fd)
