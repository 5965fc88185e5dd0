import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { promisify } from 'node:util'
import { type Cloud, openCloud, whyNoFuse } from '../cloud.ts'

const TIMEOUT_MS = 180_000
const SECONDS_MAX = 3

const run = promisify(execFile)

/** Stressors of stress-ng 0.15 that touch files, each with so few operations that it ends by itself. */
const STRESSORS: Readonly<Record<string, number>> = {
  access: 60,
  chdir: 20,
  chmod: 100,
  chown: 200,
  'copy-file': 4,
  dentry: 2048,
  dir: 200,
  dirdeep: 60,
  dirmany: 200,
  fallocate: 8,
  fcntl: 200,
  filename: 8,
  flock: 2000,
  fpunch: 2,
  fstat: 2000,
  getdent: 100,
  hdd: 200,
  iomix: 200,
  lease: 100,
  link: 2,
  locka: 500,
  lockf: 500,
  lockofd: 500,
  mknod: 50,
  open: 500,
  rename: 1000,
  seek: 500,
  symlink: 2,
  'sync-file': 10,
  touch: 200,
  utime: 500,
  xattr: 10,
}

/** Options without which a stressor fills more of a small disk than a test should. */
const LIMITS: Readonly<Record<string, readonly string[]>> = {
  'copy-file': ['--copy-file-bytes', '128m'],
  dirdeep: ['--dirdeep-inodes', '500'],
  fallocate: ['--fallocate-bytes', '16m'],
  hdd: ['--hdd-bytes', '8m', '--hdd-opts', 'wr-rnd,rd-rnd,fsync'],
  iomix: ['--iomix-bytes', '8m'],
  seek: ['--seek-size', '8m'],
  'sync-file': ['--sync-file-bytes', '4m'],
}

const FIO_JOBS: Readonly<Record<string, readonly string[]>> = {
  'random blocks of odd sizes': [
    '--rw=randrw',
    '--bsrange=512-64k',
    '--bs_unaligned=1',
    '--ioengine=psync',
    '--fsync=64',
  ],
  'a sequential file in large blocks': ['--rw=write', '--bs=1m', '--ioengine=psync', '--end_fsync=1'],
  'random blocks through a mapping': ['--rw=randwrite', '--bs=4k', '--ioengine=mmap'],
  'random vectors, each synced': ['--rw=randwrite', '--bs=4k', '--ioengine=pvsync', '--fdatasync=1', '--io_size=2m'],
  'many small files': ['--rw=randwrite', '--bs=4k', '--ioengine=psync', '--nrfiles=64', '--file_service_type=random'],
}

/** Where to run: Cairn, or for the tests of these tests a folder named by CAIRN_TEST_DIR. */
const elsewhere = process.env.CAIRN_TEST_DIR
const noMount = elsewhere === undefined && whyNoFuse()

suite('foreign testers on Cairn', { timeout: TIMEOUT_MS, skip: noMount }, () => {
  let cairn: Cloud | undefined
  let dir = ''
  before(async () => {
    if (elsewhere === undefined) cairn = await openCloud()
    dir = await mkdtemp(join(cairn?.mount ?? elsewhere ?? tmpdir(), 'tools-'))
  })
  after(async () => {
    await rm(dir, { recursive: true, force: true })
    await cairn?.[Symbol.asyncDispose]()
  })

  for (const [what, options] of Object.entries(FIO_JOBS)) {
    test(`fio verifies ${what}`, { skip: whyNot('fio') }, async () => {
      const folder = await mkdtemp(join(dir, 'fio-'))
      const common = ['--name=verify', `--directory=${folder}`, '--size=16m', '--verify=crc32c', '--verify_fatal=1']
      await run('fio', [...common, '--randseed=7', '--fallocate=none', ...options])
      await rm(folder, { recursive: true })
    })
  }

  for (const [name, ops] of Object.entries(STRESSORS)) {
    test(`stress-ng ${name} finds nothing wrong`, { skip: whyNot('stress-ng') }, async () => {
      const folder = join(dir, name)
      await mkdir(folder)
      const common = ['--temp-path', folder, '--verify', '--seed', '7', '--timeout', `${SECONDS_MAX}s`]
      const { stdout, stderr } = await run('stress-ng', [
        ...common,
        `--${name}`,
        '1',
        `--${name}-ops`,
        `${ops}`,
        ...(LIMITS[name] ?? []),
      ])
      assert.doesNotMatch(stdout + stderr, /stress-ng: (fail|error)/)
      await rm(folder, { recursive: true })
    })
  }
})

function whyNot(program: string): string | false {
  return spawnSync(program, ['--version']).error ? `${program} is not installed` : false
}
