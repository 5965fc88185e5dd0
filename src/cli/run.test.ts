import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { suite, test } from 'node:test'
import { defineFaults, Fault } from '#base'
import { machineClock } from '#host'
import type { CliHost, FoundController, UpOptions } from './context.ts'
import type { Terminal } from './local/terminal.ts'
import { declareProgram, runCli } from './run.ts'

interface Outcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

const NO_KEY: CliHost['key'] = {
  show: async () => ({ file: '/k', id: '1', phrase: 'one two' }),
  restore: async phrase => ({ file: '/k', id: phrase }),
}

const NO_KEYSPACE: CliHost['keyspace'] = {
  backup: async () => ({ entries: 1, entriesAll: 1, leased: 2 }),
  restore: async () => 1,
  migrate: async () => 1,
  recover: async () => ({ lost: ['two'], keys: 1 }),
}

const JOINED = { name: 'two', role: 'node', cloud: 'C', shortCloud: 'C', controllers: ['one'], dataFolder: '' } as const

const LOSSY = { isCutOff: false, cutTo: [], latencyMs: 0, lossPercent: 5, isDiskFull: false } as const
const NO_ROW = {
  lab: 'lab',
  address: '10.0.42.11',
  isBehindNat: false,
  latencyMs: 0,
  zone: '',
  trouble: LOSSY,
} as const
const noCommand = defineFaults({ NoCommand: { status: 404, retry: 'never' } })

const LABS: CliHost['labs'] = {
  up: async () => [],
  down: async () => undefined,
  list: async () => [{ ...NO_ROW, name: 'm1', state: 'running', memoryBytes: 2 ** 29, diskBytes: 2 ** 31 }],
  exec: async (_place, words) => {
    if (words[0] === 'nope') throw noCommand('NoCommand', 'there is no command nope on m1')
    return words.length
  },
  act: async ({ machine }, deed) => `${machine} ${JSON.stringify(deed)}`,
  heal: async () => undefined,
}

const NO_NODES: CliHost['simulatedNodes'] = {
  create: async () => '10.0.42.11',
  has: async name => name === 'simulated',
  check: async () => undefined,
  stop: async () => undefined,
  start: async () => undefined,
  remove: async () => undefined,
}

const found: FoundController[] = []

async function cairn(words: readonly string[], up: CliHost['up'] = async () => undefined): Promise<Outcome> {
  const said = { out: '', err: '' }
  const terminal: Terminal = {
    out: text => void (said.out += text),
    err: text => void (said.err += text),
    isWatched: false,
    columns: 80,
  }
  const code = await runCli(
    words,
    {
      clock: machineClock,
      version: '1.2.3',
      up,
      join: async ({ dataFolder }) => ({ ...JOINED, dataFolder }),
      findControllers: async () => found,
      joinFound: async ({ dataFolder }) => ({ ...JOINED, dataFolder }),
      key: NO_KEY,
      keyspace: NO_KEYSPACE,
      labs: LABS,
      simulatedNodes: NO_NODES,
    },
    terminal,
  )
  return { code, ...said }
}

suite('the exit code', () => {
  const fault = defineFaults({ Some: { status: 500, retry: 'later' }, Usage: { status: 400, retry: 'never' } })
  const cases: readonly [string, () => Promise<void>, number, RegExp][] = [
    ['is 0 when all was done', async () => undefined, 0, /^$/],
    [
      'is 1 with the hint of a fault',
      () => Promise.reject(fault('Some', 'no luck', { hint: 'Do it.' })),
      1,
      /^error: no luck\nhint: Do it\.\n$/,
    ],
    ['is 1 with a general hint when there is none', () => Promise.reject(fault('Some', 'no luck')), 1, /\nhint: Try/],
    ['is 2 for words that cannot be meant', () => Promise.reject(fault('Usage', 'what?')), 2, /^error: what\?\nhint: /],
    [
      'is 1 for a bug, which is shown',
      () => Promise.reject(new TypeError('undefined')),
      1,
      /^error: TypeError: undefined[^]*\nhint: This is a bug/,
    ],
    [
      'is 130 when it was interrupted',
      async () => {
        process.emit('SIGINT')
        throw new Error('whatever broke by it')
      },
      130,
      /^interrupted\n$/,
    ],
  ]
  for (const [what, up, code, err] of cases) {
    test(what, async () => {
      const outcome = await cairn(['up'], up)
      assert.equal(outcome.code, code)
      assert.match(outcome.err, err)
    })
  }

  test('an error cannot move the cursor', async () => {
    const { err } = await cairn(['up'], () => Promise.reject(fault('Some', 'a\u001b[2Jb', { hint: 'c\u001b[2Jd' })))
    assert.equal(err, 'error: a?[2Jb\nhint: c?[2Jd\n')
  })
})

test('a service is not installed with options that `cairn up` does not have', async () => {
  const { code, err } = await cairn(['service', 'install', '--dry-run', '--', '--no-such'])
  assert.deepEqual([code, err.split('\n')[0]], [2, "error: unknown option '--no-such'"])
})

suite('a machine of the cloud', () => {
  const nowhere = ['--data', '/nonexistent-cairn']

  test('is removed with its disk when it is simulated here, whichever verb is used', async () => {
    for (const verb of ['remove', 'rm']) {
      const { code, out } = await cairn([...nowhere, 'node', verb, 'simulated', '--force'])
      assert.deepEqual([code, out], [0, 'Removed the machine simulated\n'], verb)
    }
    const { code, err } = await cairn([...nowhere, 'node', 'remove', 'attic', '--force'])
    assert.equal(code, 1)
    assert.match(err, /there is no API/)
  })

  test('without a token it joins nothing where there is nobody to compare a code', async () => {
    assert.match((await cairn(['join', '--no-start'])).err, /no cloud was found.*\nhint: Join with a token/)
    found.push({ name: 'attic', fingerprint: 'F'.repeat(43), address: '10.0.0.5:7443' })
    const { code, err } = await cairn(['join', '--no-start'])
    found.length = 0
    assert.equal(code, 2)
    assert.match(err, /1 +attic +10\.0\.0\.5:7443 +F{43}\n.*somebody has to sit here/s)
  })

  test('joins with a token from a file or standard input; without one or with two it is told', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-cli-'))
    try {
      fs.writeFileSync(`${folder}/token`, 'abc\n')
      const file = await cairn(['join', '--token-file', `${folder}/token`, '--no-start'])
      assert.match(file.out, /This machine is two, a node of the cloud C\./)
      assert.equal((await cairn(['join', 'abc', '--token-file', `${folder}/token`])).code, 2)
      assert.match((await cairn(['join', '--token-file', `${folder}/none`])).err, /cannot be read.*\n.*token create/)
    } finally {
      fs.rmSync(folder, { recursive: true })
    }
  })
})

suite('words that are not understood', () => {
  const wrong: readonly (readonly string[])[] = [
    ['statsu'],
    ['status', 'now'],
    ['fs', 'make'],
    ['put'],
    ['put', 'only-one'],
    ['get', '/only-one'],
    ['put', '.', 'no-path-in-cairn'],
    ['ls', 'no-path-in-cairn'],
    ['rm'],
    ['up', '--mount'],
    ['up', '--sideways'],
    ['-o', 'xml', 'status'],
    ['fs', 'scrub', '--rate', 'fast'],
    ['fs', 'create'],
    ['fs', 'snapshot', 'create', 'home', 'x'.repeat(256)],
    ['kubeconfig', '--user', 'jane', '--server', 'box:6443'],
  ]
  for (const words of wrong) {
    test(`cairn ${words.join(' ').slice(0, 40)}: exit code 2, nothing on standard output, an error and a hint`, async () => {
      const { code, out, err } = await cairn(['--data', '/nonexistent', ...words])
      assert.deepEqual([code, out], [2, ''])
      assert.match(err, /^error: [^]+\nhint: .+\n$/)
    })
  }

  const empty: readonly (readonly [string, readonly string[]])[] = [
    ['path', ['put', '', '/']],
    ['path', ['put', '/etc/hostname', '']],
    ['path', ['get', '/f', '']],
    ['path', ['ls', '']],
    ['path', ['rm', '/a', '']],
    ['folder', ['fs', 'mount', 'home', '']],
    ['folder', ['fs', 'umount', '']],
    ['name', ['fs', 'create', '']],
    ['filesystem', ['fs', 'snapshot', 'ls', '']],
    ['path', ['fs', 'snapshot', 'restore', 'home', 's', '']],
  ]
  for (const [field, words] of empty) {
    test(`cairn ${words.map(word => word || "''").join(' ')}: the empty word is named, exit code 2`, async () => {
      const { code, err } = await cairn(['--data', '/nonexistent', ...words])
      assert.equal(code, 2)
      assert.match(err, new RegExp(`^error: the argument ${field} is an empty word\nhint: .+\n$`))
    })
  }

  test('a near miss is named', async () => {
    assert.match((await cairn(['statsu'])).err, /status/)
  })
})

suite('help', () => {
  function* commandsBelow(command: ReturnType<typeof declareProgram>, words: readonly string[]): Generator<string[]> {
    for (const sub of command.commands) {
      yield [...words, sub.name()]
      yield* commandsBelow(sub, [...words, sub.name()])
    }
  }
  const program = declareProgram({ out: () => undefined, err: () => undefined, isWatched: false, columns: 80 }, () =>
    Promise.resolve(),
  )
  for (const words of commandsBelow(program, [])) {
    test(`of cairn ${words.join(' ')} says what it does, in lines that fit a terminal`, async () => {
      const { code, out, err } = await cairn([...words, '--help'])
      assert.deepEqual([code, err], [0, ''])
      assert.match(out, new RegExp(`^Usage: cairn ${words.join(' ')}.*\n\n\\S`))
      const wide = out.split('\n').filter(line => line.length > 80)
      assert.deepEqual(wide, [])
    })
  }

  test('of cairn names every command, and none at all shows it too', async () => {
    const { out } = await cairn(['--help'])
    for (const command of program.commands) assert.match(out, new RegExp(`\n  ${command.name()}\\b`))
    const bare = await cairn([])
    assert.equal(bare.code, 2)
    assert.match(bare.err, /^Usage: cairn/)
  })
})

suite('options', () => {
  async function upOptions(...words: string[]): Promise<UpOptions> {
    const seen: UpOptions[] = []
    await cairn(words, async options => void seen.push(options))
    return seen[0]!
  }

  const usual: UpOptions = {
    data: undefined,
    mount: undefined,
    listen: undefined,
    requiresClientCertificate: false,
    mesh: { provider: undefined, range: undefined, isResolvConf: undefined },
    keyspace: undefined,
    isJson: false,
  }

  test('up hears --data before and behind the verb, --mount and --no-mount', async () => {
    assert.deepEqual(await upOptions('up'), usual)
    assert.deepEqual(await upOptions('--data', '/d', 'up', '--mount', '/m'), { ...usual, data: '/d', mount: '/m' })
    assert.deepEqual(await upOptions('up', '--no-discovery'), { ...usual, isDiscoverable: false })
    const given = { ...usual, data: '/d', mount: false, isJson: true } as const
    assert.deepEqual(await upOptions('up', '--data', '/d', '--no-mount', '-o', 'json'), given)
  })

  test('up hears where the control plane is kept', async () => {
    const login = ['--keyspace-user', 'cairn', '--keyspace-password-file', 'etcd.password']
    const { keyspace } = await upOptions('up', '--keyspace', 'etcd=https://a:2379', '--keyspace-ca', 'ca.pem', ...login)
    assert.deepEqual(
      { ...keyspace },
      {
        address: 'etcd=https://a:2379',
        authority: 'ca.pem',
        certificate: undefined,
        key: undefined,
        prefix: undefined,
        user: 'cairn',
        password: 'etcd.password',
      },
    )
  })

  test('an empty folder name is refused instead of meaning the working folder', async () => {
    for (const words of [
      ['--data', '', 'status'],
      ['up', '--mount', ''],
    ]) {
      const { code, err } = await cairn(words)
      assert.equal(code, 2, words.join(' '))
      assert.match(err, /must name a folder/i)
    }
  })
})

suite('without a running Cairn', () => {
  const commands: readonly (readonly string[])[] = [
    ['status'],
    ['ls'],
    ['put', '/etc/hostname', '/'],
    ['get', '/a', '.'],
    ['rm', '/a'],
    ['fs', 'ls'],
    ['fs', 'create', 'a'],
    ['fs', 'stat', '/a'],
    ['down'],
  ]
  for (const words of commands) {
    test(`cairn ${words.join(' ')} says so and how to start it`, async () => {
      const { code, err } = await cairn(['--data', '/nonexistent/cairn', ...words])
      assert.equal(code, 1)
      assert.match(err, /^error: Cairn does not run on \/nonexistent\/cairn\nhint: .+\n$/)
    })
  }

  test('status answers programs that it does not run', async () => {
    const { code, out } = await cairn(['--data', '/nonexistent', '-o', 'json', 'status'])
    assert.deepEqual([code, JSON.parse(out)], [1, { running: false, dataFolder: '/nonexistent' }])
  })

  test('version tells the version of the program', async () => {
    assert.deepEqual(await cairn(['--data', '/nonexistent', 'version']), { code: 0, out: 'cairn 1.2.3\n', err: '' })
  })

  test('a local file that is missing is named before Cairn is asked', async () => {
    const { code, err } = await cairn(['--data', '/nonexistent', 'put', '/nonexistent/file', '/'])
    assert.equal(code, 1)
    assert.match(err, /^error: \/nonexistent\/file is not there\n/)
  })

  test('a file in the place of the data folder is no riddle', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-cli-'))
    try {
      fs.writeFileSync(`${folder}/file`, '')
      const { code, err } = await cairn(['--data', `${folder}/file`, 'status'])
      assert.equal(code, 1)
      assert.match(err, /^error: Cairn does not run on .*\/file\n/)
    } finally {
      fs.rmSync(folder, { recursive: true })
    }
  })
})

test('a fault of a newer Cairn, whose code is not known here, is told like any other', async () => {
  const { code, err } = await cairn(['up'], () =>
    Promise.reject(new Fault('FromTheFuture', { status: 599, retry: 'reread' }, 'new trouble')),
  )
  assert.equal(code, 1)
  assert.match(err, /^error: new trouble\nhint: .+\n$/)
})

suite('a lab', () => {
  test('is listed, and its machines are told what happens to them', async () => {
    assert.match(
      (await cairn(['lab', 'ls'])).out,
      /^LAB .*\nlab  m1 .* running  10\.0\.42\.11 .* 512\.0 MiB +2\.0 GiB  loss 5 %\n$/,
    )
    assert.equal((await cairn(['lab', 'kill', 'm2'])).out, 'm2 {"kind":"kill"}\n')
    const cut = await cairn(['lab', 'cut', 'm2', '--from', 'm1', '--one-way'])
    assert.equal(cut.out, 'm2 {"kind":"cut","from":"m1","isOneWay":true}\n')
    const slow = await cairn(['lab', 'slow', 'm2', '--latency', '1s', '--loss', '1%'])
    assert.equal(slow.out, 'm2 {"kind":"slow","latency":"1s","lossPercent":1}\n')
  })

  test('answers the exit code of what ran in a machine', async () => {
    assert.equal((await cairn(['lab', 'exec', 'm1', '--', 'ls', '-l', '/'])).code, 3)
    const { code, err } = await cairn(['lab', 'exec', 'm1', '--', 'nope'])
    assert.equal(code, 127)
    assert.match(err, /^error: there is no command nope on m1\nhint: /)
  })

  test('refuses words that cannot be meant', async () => {
    for (const words of [
      ['cut', 'm1', '--one-way'],
      ['corrupt', 'm1', '--count', '0'],
      ['slow', 'm1', '--loss', 'x'],
    ]) {
      const { code, err } = await cairn(['lab', ...words])
      assert.equal(code, 2)
      assert.match(err, /^error: .*\nhint: Write/)
    }
  })
})
