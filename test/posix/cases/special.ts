import { deepEqual, equal, ok } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { type CaseTable, each, root } from '../case.ts'
import { ANN, as, expectTimes, fails, file, folder, KINDS, withFile } from './common.ts'
import * as sys from '../sys/index.ts'

const MAKE: CaseTable = {
  ...each(
    ['fifo', 'socket'] as const,
    kind => `mknod makes a ${kind} with its mode`,
    kind => () => {
      sys.mknod('x', KINDS[kind].type | 0o640)
      const { type, permissions, nlink, size } = sys.lstat('x')
      equal(type, KINDS[kind].type)
      equal(permissions, 0o640)
      equal(nlink, 1)
      equal(size, 0)
    },
  ),
  'mknod makes a plain file': () => {
    sys.mknod('f', sys.S_IFREG | 0o600)
    equal(sys.lstat('f').type, sys.S_IFREG)
  },
  'mknod of a directory fails': () => fails(['EPERM', 'EINVAL'], () => sys.mknod('d', sys.S_IFDIR | 0o755)),
  ...each(
    ['file', 'empty directory', 'symlink', 'fifo'] as const,
    kind => `mknod over a ${kind} fails with EEXIST`,
    kind => () => {
      KINDS[kind].make('x')
      fails('EEXIST', () => sys.mknod('x', sys.S_IFIFO | 0o644))
    },
  ),
  ...each(
    [
      { what: 'character', type: sys.S_IFCHR, device: { major: 1, minor: 3 } },
      { what: 'block', type: sys.S_IFBLK, device: { major: 7, minor: 200 } },
      { what: 'character', type: sys.S_IFCHR, device: { major: 4095, minor: 1_048_575 } },
      { what: 'block', type: sys.S_IFBLK, device: { major: 259, minor: 70_000 } },
    ],
    ({ what, device }) => `root makes a ${what} device ${device.major}:${device.minor}`,
    ({ type, device }) =>
      root(() => {
        sys.mknod('x', type | 0o600, device)
        equal(sys.lstat('x').type, type)
        deepEqual(sys.lstat('x').rdev, device)
        sys.rename('x', 'y')
        sys.link('y', 'z')
        deepEqual(sys.lstat('z').rdev, device)
      }),
  ),
  'a device made by an ordinary user fails with EPERM': root(() => {
    folder('d', 0o777)
    as(ANN, () => fails('EPERM', () => sys.mknod('d/x', sys.S_IFCHR | 0o600, { major: 1, minor: 3 })))
  }),
}

const USE: CaseTable = {
  'bytes pass through a fifo': () => {
    KINDS.fifo.make('p')
    withFile('p', sys.O_RDONLY | sys.O_NONBLOCK, reader =>
      withFile('p', sys.O_WRONLY, writer => {
        sys.write(writer, 'through')
        equal(sys.read(reader, 100).toString(), 'through')
      }),
    )
  },
  'two processes meet at a fifo': async ({ peer, dir }) => {
    KINDS.fifo.make('p')
    const other = await peer()
    const opening = other.call('open', `${dir}/p`, sys.O_WRONLY)
    const reader = sys.open('p', sys.O_RDONLY)
    await other.call('write', await opening, 'hello')
    equal(sys.read(reader, 100).toString(), 'hello')
  },
  'a fifo renamed while open still connects': () => {
    KINDS.fifo.make('p')
    withFile('p', sys.O_RDWR, one => {
      sys.rename('p', 'q')
      withFile('q', sys.O_WRONLY, two => sys.write(two, 'x'))
      equal(sys.read(one, 10).toString(), 'x')
    })
  },
  'a unix socket is bound, found and connected to': async () => {
    const server = createServer(socket => socket.end('hello'))
    server.listen('s')
    await once(server, 'listening')
    equal(sys.lstat('s').type, sys.S_IFSOCK)
    const client = connect('s')
    const [data] = await once(client, 'data')
    equal(String(data), 'hello')
    client.destroy()
    server.close()
    await once(server, 'close')
  },
  'binding a unix socket over a file fails with EADDRINUSE': async () => {
    file('s')
    const server = createServer()
    server.listen('s')
    const [error] = await once(server, 'error')
    equal((error as NodeJS.ErrnoException).code, 'EADDRINUSE')
  },
  'a script on the mount is executed': ({ dir }) => {
    file('run', '#!/bin/sh\necho "ran $1"\n', 0o755)
    equal(spawnSync(`${dir}/run`, ['well']).stdout.toString(), 'ran well\n')
  },
  'a program copied to the mount is executed': ({ dir }) => {
    const source = withFile('/bin/true', sys.O_RDONLY, fd => sys.read(fd, 1 << 22))
    file('true', source, 0o755)
    equal(spawnSync(`${dir}/true`).status, 0)
  },
  'a file without execute permission is not executed, not even by root': ({ dir }) => {
    file('run', '#!/bin/sh\n', 0o644)
    equal((spawnSync(`${dir}/run`).error as NodeJS.ErrnoException | undefined)?.code, 'EACCES')
  },
  'a program runs as another user only with execute permission': root(({ dir }) => {
    file('run', '#!/bin/sh\nid -u\n', 0o744)
    sys.chmod(dir, 0o755)
    const run = () => spawnSync(`${dir}/run`, { uid: ANN.uid, gid: ANN.gid, cwd: '/' })
    equal((run().error as NodeJS.ErrnoException | undefined)?.code, 'EACCES')
    sys.chmod('run', 0o755)
    equal(run().stdout.toString(), `${ANN.uid}\n`)
  }),
  'a working folder on the mount is that of a child process': ({ dir }) => {
    sys.mkdir('d')
    equal(spawnSync('/bin/pwd', { cwd: `${dir}/d` }).stdout.toString(), `${dir}/d\n`)
  },
  'a write to a fifo leaves the times of its directory': () => {
    sys.mkdir('d')
    KINDS.fifo.make('d/p')
    expectTimes('d', '', () => withFile('d/p', sys.O_RDWR, fd => sys.write(fd, 'x')))
    ok(sys.lstat('d/p').nlink === 1)
  },
}

export const special: CaseTable = { ...MAKE, ...USE }
