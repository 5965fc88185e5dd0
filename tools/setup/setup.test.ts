import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'

const NODE_PACKAGE = `node-linux-${process.arch}`
const NODE_VERSION = '24.0.1'

/** Says it is the pinned version, and otherwise is the Node that runs this test. */
const FAKE_NODE = `#!/bin/sh
[ "$1" = --version ] && { echo v${NODE_VERSION}; exit; }
exec ${process.execPath} "$@"
`

/** Stands in for npm: puts what FAKE_INSTALLS says into node_modules of the folder it runs in. */
const FAKE_NPM = `
const fs = require('node:fs')
fs.appendFileSync(process.env.FAKE_CALLS, 'ci\\n')
if (process.env.FAKE_INSTALLS === 'error') { console.error('npm error code EAI_AGAIN'); process.exit(1) }
fs.cpSync(process.env.FAKE_INSTALLS, 'node_modules', { recursive: true })
`

/** A checkout of its own with the real set-up, a lock file of two packages, and no package installed. */
class Checkout {
  readonly folder: string
  readonly packages: string
  readonly calls: string

  constructor(t: TestContext) {
    const top = mkdtempSync(join(tmpdir(), 'cairn-setup-test-'))
    t.after(() => rmSync(top, { recursive: true }))
    this.folder = join(top, 'checkout')
    this.packages = join(top, 'packages')
    this.calls = join(top, 'calls')
    mkdirSync(join(this.folder, 'tools'), { recursive: true })
    const tools = dirname(import.meta.dirname)
    cpSync(join(tools, 'setup'), join(this.folder, 'tools', 'setup'), { recursive: true })
    cpSync(join(tools, 'setup.mjs'), join(this.folder, 'tools', 'setup.mjs'))
    this.write('.npmrc', '')
    this.write('package.json', JSON.stringify({ optionalDependencies: { [NODE_PACKAGE]: NODE_VERSION } }))
    this.write('tools/check.ts', "console.log('checked', ...process.argv.slice(2))\nprocess.exitCode = 3\n")
    writeFileSync(join(top, 'npm.js'), FAKE_NPM)
    this.lock('1.0.0')
    this.offer('1.0.0')
  }

  write(path: string, text: string): void {
    writeFileSync(join(this.folder, path), text)
  }

  /** What the lock file asks for. */
  lock(version: string): void {
    this.write('package-lock.json', JSON.stringify({ packages: records(version) }))
  }

  /** What npm would install. */
  offer(version: string): void {
    const bin = join(this.packages, NODE_PACKAGE, 'bin')
    mkdirSync(bin, { recursive: true })
    writeFileSync(join(bin, 'node'), FAKE_NODE)
    chmodSync(join(bin, 'node'), 0o755)
    writeFileSync(join(this.packages, '.package-lock.json'), JSON.stringify({ packages: records(version) }))
  }

  environment(installs = this.packages): NodeJS.ProcessEnv {
    const npm = join(dirname(this.folder), 'npm.js')
    return { ...process.env, npm_execpath: npm, FAKE_INSTALLS: installs, FAKE_CALLS: this.calls, CAIRN_APT: 'no' }
  }

  setup(args: readonly string[], installs?: string) {
    const script = join(this.folder, 'tools', 'setup.mjs')
    return spawnSync(process.execPath, [script, ...args], { encoding: 'utf8', env: this.environment(installs) })
  }

  installs(): number {
    return existsSync(this.calls) ? readFileSync(this.calls, 'utf8').split('\n').length - 1 : 0
  }
}

function records(version: string): Record<string, unknown> {
  return {
    'node_modules/some': { version, integrity: `sum of ${version}` },
    'node_modules/only-elsewhere': { version, optional: true, os: ['plan9'] },
    [`node_modules/${NODE_PACKAGE}`]: { version: NODE_VERSION, optional: true, os: ['linux'], cpu: [process.arch] },
  }
}

suite('setup', () => {
  test('installs once, runs the verb under the pinned Node, and passes on arguments and exit code', t => {
    const checkout = new Checkout(t)
    const first = checkout.setup(['check', 'a b'])
    assert.equal(first.stdout, 'checked a b\n', first.stderr)
    assert.equal(first.status, 3)
    assert.equal(checkout.setup(['check']).stderr, '')
    assert.equal(checkout.installs(), 1)
    assert.deepEqual(readdirSync(join(checkout.folder, '.setup')), ['lock'])
  })

  test('installs again when the lock file asks for something else', t => {
    const checkout = new Checkout(t)
    checkout.setup(['check'])
    checkout.lock('1.0.1')
    checkout.offer('1.0.1')
    assert.match(checkout.setup(['check']).stderr, /some is not at the locked version 1\.0\.1/)
    assert.equal(checkout.installs(), 2)
  })

  test('keeps the old packages when the install fails, and says what to do', t => {
    const checkout = new Checkout(t)
    checkout.setup(['check'])
    checkout.lock('1.0.1')
    const failed = checkout.setup(['check'], 'error')
    assert.equal(failed.status, 1)
    assert.match(failed.stderr, /registry was not reached \(EAI_AGAIN\)/)
    checkout.lock('1.0.0')
    assert.equal(checkout.setup(['check']).stdout, 'checked\n')
  })

  test('does not swap in packages without the pinned Node, which npm passes over when it cannot have it', t => {
    const checkout = new Checkout(t)
    rmSync(join(checkout.packages, NODE_PACKAGE), { recursive: true })
    const failed = checkout.setup(['check'])
    assert.equal(failed.status, 1)
    assert.match(failed.stderr, /the pinned Node v24\.0\.1 does not run/)
    assert.equal(existsSync(join(checkout.folder, 'node_modules')), false)
  })

  test('lets one of two install while the other waits', async t => {
    const checkout = new Checkout(t)
    const script = join(checkout.folder, 'tools', 'setup.mjs')
    const both = [1, 2].map(() =>
      spawn(process.execPath, [script, 'check'], { env: checkout.environment(), stdio: 'ignore' }),
    )
    const codes = await Promise.all(both.map(async child => (await once(child, 'exit'))[0] as number))
    assert.deepEqual(codes, [3, 3])
    assert.equal(checkout.installs(), 1)
  })

  test('refuses unknown verbs and parts that are not there with exit code 2', t => {
    const checkout = new Checkout(t)
    for (const [verb, said] of [
      ['dance', /unknown verb "dance"/],
      ['toString', /unknown verb/],
      ['soak', /needs test\/soak\.ts/],
    ] as const) {
      const refused = checkout.setup([verb])
      assert.equal(refused.status, 2)
      assert.match(refused.stderr, said)
    }
    assert.equal(checkout.installs(), 0)
  })

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    test(`passes ${signal} on, once, and ends as the child ends`, async t => {
      const checkout = new Checkout(t)
      checkout.write(
        'tools/check.ts',
        `let count = 0
process.on('${signal}', () => { count++; setImmediate(() => process.exit(10 + count)) })
setInterval(() => {}, 1000)
console.log('ready')\n`,
      )
      const script = join(checkout.folder, 'tools', 'setup.mjs')
      const stdio = ['ignore', 'pipe', 'inherit'] as const
      // A session of its own has no terminal, whatever terminal the test runs in.
      const child = spawn(process.execPath, [script, 'check'], {
        env: checkout.environment(),
        stdio: [...stdio],
        detached: true,
      })
      await once(child.stdout!, 'data')
      child.kill(signal)
      assert.deepEqual(await once(child, 'exit'), [11, null])
    })
  }

  test('ends by the signal that ended the child', t => {
    const checkout = new Checkout(t)
    checkout.write('tools/check.ts', "process.kill(process.pid, 'SIGTERM')\nsetInterval(() => {}, 1000)\n")
    assert.equal(checkout.setup(['check']).signal, 'SIGTERM')
  })
})
