import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { suite, test } from 'node:test'
import { isFault } from '#base'
import { installService, removeService } from './install.ts'
import { type ServiceSurroundings, servicePlan } from './plan.ts'
import { serviceSurroundings } from './surroundings.ts'

const { signal } = new AbortController()
const noAnalysis = spawnSync('systemd-analyze', ['--version']).status === 0 ? false : '`systemd-analyze` is missing'

const around: ServiceSurroundings = {
  isRoot: true,
  user: 'ann',
  manager: 'systemd',
  root: '/',
  configFolder: '/home/ann/.config',
  program: ['/usr/bin/node', '/opt/cairn/src/main/cairn.ts'],
  dataFolder: '/var/lib/cairn',
  options: [],
  settings: {},
}

/** A temporary folder with programs that write what they are told into `told`, for as long as `work` runs. */
async function withPrograms(work: (folder: string, told: () => string) => Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-service-'))
  const before = process.env['PATH']
  const told = path.join(folder, 'told')
  try {
    for (const name of ['systemctl', 'rc-update', 'rc-service']) {
      fs.writeFileSync(path.join(folder, name), `#!/bin/sh\necho ${name} "$@" >> ${told}\n`, { mode: 0o755 })
    }
    process.env['PATH'] = `${folder}:/usr/bin:/bin`
    await work(folder, () => fs.readFileSync(told, 'utf8'))
  } finally {
    process.env['PATH'] = before
    fs.rmSync(folder, { recursive: true })
  }
}

suite('the service', () => {
  test('of root is a unit of the system, which starts the program that runs now', () => {
    const plan = servicePlan(around)
    assert.equal(plan.file, '/etc/systemd/system/cairn.service')
    assert.match(
      plan.content,
      /^ExecStart=\/usr\/bin\/node \/opt\/cairn\/src\/main\/cairn.ts up --data \/var\/lib\/cairn$/m,
    )
    assert.match(plan.content, /^WantedBy=multi-user.target$/m)
    assert.match(plan.content, /^RequiresMountsFor=\/var\/lib\/cairn$/m)
    assert.deepEqual(plan.hints, [])
  })

  test('of somebody else is a unit of his own, with a word about the time he is not logged in', () => {
    const plan = servicePlan({ ...around, isRoot: false, dataFolder: '/srv/my data/100%' })
    assert.equal(plan.file, '/home/ann/.config/systemd/user/cairn.service')
    assert.match(plan.content, /--data "\/srv\/my data\/100%%"$/m)
    assert.match(plan.content, /^WantedBy=default.target$/m)
    assert.doesNotMatch(plan.content, /network-online|RequiresMountsFor/, 'units of users see none of the system')
    assert.match(plan.hints.join(), /loginctl enable-linger ann/)
    assert.ok(plan.install.every(words => words.includes('--user')))
  })

  test('keeps the settings it was installed with', () => {
    const settings = { CAIRN_LISTEN: '0.0.0.0:6443', CAIRN_ZONE: 'my "attic"', CAIRN_MASTER_KEY: '/k$y/1%' }
    const options = ['--no-discovery', '--name', 'a$b']
    const unit = servicePlan({ ...around, settings, options }).content
    assert.match(unit, /^Environment=CAIRN_MASTER_KEY=\/k\$y\/1%%$/m, 'a $ is one there')
    assert.match(unit, / up --data \/var\/lib\/cairn --no-discovery --name a\$\$b$/m)
    assert.match(unit, /^Environment=CAIRN_LISTEN=0.0.0.0:6443$/m)
    assert.match(unit, /^Environment="CAIRN_ZONE=my \\"attic\\""$/m)
    const script = servicePlan({ ...around, settings, manager: 'openrc' }).content
    assert.match(script, /^export CAIRN_ZONE='my "attic"'$/m)
  })

  test('is a unit that systemd reads without a word', { skip: noAnalysis }, () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-unit-'))
    try {
      const settings = { CAIRN_ZONE: 'my "attic" $x' }
      const program = [process.execPath, '/opt/cairn/src/main/cairn.ts']
      for (const [isRoot, words] of [
        [true, ['verify']],
        [false, ['--user', 'verify']],
      ] as const) {
        const { content } = servicePlan({ ...around, isRoot, program, settings, dataFolder: '/srv/my data/100%' })
        const file = path.join(folder, 'cairn.service')
        fs.writeFileSync(file, content)
        const env = { ...process.env, XDG_RUNTIME_DIR: folder }
        const { status, stdout, stderr } = spawnSync('systemd-analyze', [...words, file], { encoding: 'utf8', env })
        assert.deepEqual([status, `${stdout}${stderr}`], [0, ''], content)
      }
    } finally {
      fs.rmSync(folder, { recursive: true })
    }
  })

  test('is refused by name where nothing runs services, or not for this user', () => {
    const refused = (more: Partial<ServiceSurroundings>, why: RegExp) =>
      assert.throws(
        () => servicePlan({ ...around, ...more }),
        error => isFault(error, 'Local') && why.test(error.message),
      )
    refused({ manager: undefined }, /Unsupported: neither systemd nor OpenRC/)
    refused({ manager: 'openrc', isRoot: false }, /Unsupported: OpenRC runs services for root only/)
  })

  test('is written, enabled, and removed again', async () => {
    await withPrograms(async (root, told) => {
      fs.mkdirSync(path.join(root, 'run/systemd/system'), { recursive: true })
      const found = serviceSurroundings(
        { dataFolder: '/data', options: [] },
        { env: { CAIRN_LISTEN: 'none' }, isRoot: true, home: '/root' },
        root,
      )
      assert.equal(found.manager, 'systemd')
      assert.deepEqual(found.settings, { CAIRN_LISTEN: 'none' })
      const plan = servicePlan(found)
      await installService(plan, signal)
      assert.equal(fs.readFileSync(path.join(root, 'etc/systemd/system/cairn.service'), 'utf8'), plan.content)
      await removeService(plan, signal)
      assert.equal(fs.existsSync(plan.file), false)
      assert.deepEqual(told().trim().split('\n'), [
        'systemctl daemon-reload',
        'systemctl enable --now cairn.service',
        'systemctl disable --now cairn.service',
        'systemctl daemon-reload',
      ])
      await assert.rejects(removeService(plan, signal), error => isFault(error, 'Unknown'))
    })
  })

  test('of OpenRC is a script that its shell understands', async () => {
    await withPrograms(async (root, told) => {
      fs.mkdirSync(path.join(root, 'run/openrc'), { recursive: true })
      const surroundings = { env: {}, isRoot: true, home: '/root' }
      const plan = servicePlan(
        serviceSurroundings({ dataFolder: "/it's data", options: ['--no-mount'] }, surroundings, root),
      )
      await installService(plan, signal)
      const file = path.join(root, 'etc/init.d/cairn')
      assert.equal(fs.statSync(file).mode & 0o777, 0o755)
      // As openrc-run does with it.
      const shell = `. ${file}; eval "set -- $command_args"; for word; do echo "$word"; done`
      const { stdout } = spawnSync('sh', ['-c', shell], { encoding: 'utf8' })
      assert.deepEqual(stdout.trim().split('\n').slice(-4), ['up', '--data', "/it's data", '--no-mount'])
      assert.deepEqual(told().trim().split('\n'), ['rc-update add cairn default', 'rc-service cairn start'])
    })
  })
})
