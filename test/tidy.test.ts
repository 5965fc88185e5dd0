import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { checkAdapters, checkBans } from '../tools/tidy/bans.ts'
import { codeOnly } from '../tools/tidy/code.ts'
import { checkDoors, checkTable, type Doors } from '../tools/tidy/doors.ts'
import { checkLimits, limitsPage } from '../tools/tidy/limits.ts'
import { checkLinks } from '../tools/tidy/links.ts'
import { checkPackages } from '../tools/tidy/packages.ts'
import { checkRooms, FILE_LINES_MAX, README_LINES_MAX } from '../tools/tidy/rooms.ts'
import { type Finding, readTree, root, type SourceFile, show } from '../tools/tidy/tree.ts'
import { checkWords } from '../tools/tidy/words.ts'

/** Which rooms each room may open. Two rooms that need each other meet in a third, or `main` plugs them together. */
const DOORS: Doors = {
  base: [],
  host: ['base'],
  keyspace: ['base'],
  schema: ['base'],
  rpc: ['base'],
  telemetry: ['base'],
  cluster: ['base', 'rpc'],
  mesh: ['base', 'rpc', 'cluster'],
  'storage/chunks': ['base'],
  'storage/placement': ['base'],
  'storage/disks': ['base', 'storage/chunks', 'storage/placement'],
  'storage/pool': ['base', 'rpc', 'cluster', 'storage/chunks', 'storage/placement'],
  'storage/fs': ['base', 'keyspace'],
  'storage/fuse': ['base', 'storage/fs'],
  'storage/shares': ['base', 'storage/fs', 'identity'],
  'storage/ipfs': ['base', 'storage/fs'],
  identity: ['base', 'schema'],
  client: ['base', 'schema'],
  catalog: ['base', 'schema'],
  api: ['base', 'schema', 'keyspace', 'identity'],
  controllers: ['base', 'schema', 'client', 'rpc', 'cluster', 'mesh', 'storage/placement'],
  kubelet: ['base', 'schema', 'client'],
  functions: ['base', 'schema', 'client'],
  ingress: ['base', 'schema', 'client'],
  cli: ['base', 'schema', 'client', 'rpc', 'cluster', 'mesh'],
  lab: ['base', 'schema', 'client', 'rpc'],
  main: '*',
}

/** Where `node:` I/O, clocks, timers, randomness and the process may be named. Everything else is handed a `World`. */
const ADAPTERS: readonly string[] = [
  'src/api/server/',
  'src/cli/local/',
  'src/client/https/',
  'src/host/',
  'src/identity/x509/',
  'src/keyspace/etcd/',
  'src/lab/host/',
  'src/keyspace/sqlite/',
  'src/main/',
  'src/rpc/socket/',
  'src/rpc/tls/',
  'src/storage/chunks/sqlite/',
  'src/storage/chunks/threads/',
  'src/storage/fuse/device/',
  'src/storage/fuse/mount/',
]

const tree = readTree()

suite('the tree', () => {
  const rules: Readonly<Record<string, () => readonly Finding[]>> = {
    'opens rooms only through their doors': () => checkDoors(tree, DOORS),
    'has a table of doors without circles': () => checkTable(DOORS),
    'touches the machine only in host, main and adapters': () => checkBans(tree, ADAPTERS),
    'has no adapter in the table that is gone': () => checkAdapters(tree, ADAPTERS),
    'has no unfinished work, silenced check, foreign path or registry host': () => checkWords(tree),
    'gives every room a door and a short README, and no file two nouns': () => checkRooms(tree, DOORS),
    'lists every limit in LIMITS.md': () => checkLimits(tree),
    'links only to files that are there': () => checkLinks(tree),
    'names and explains every package it uses': () => checkPackages(tree),
  }
  for (const [name, rule] of Object.entries(rules)) {
    test(name, () => {
      const findings = rule()
      assert.ok(findings.length === 0, `\n${show(findings)}`)
    })
  }
})

/** Plants one file and expects exactly the findings whose messages match, in order of lines. */
function expectFindings(findings: readonly Finding[], ...messages: readonly RegExp[]): void {
  assert.equal(findings.length, messages.length, `expected ${messages.length} findings, got:\n${show(findings)}`)
  for (const [index, message] of messages.entries()) assert.match(findings[index]!.message, message)
}

function file(path: string, text: string): SourceFile {
  return { path, text }
}

suite('the check of doors', () => {
  test('finds a relative path that leaves its room', () => {
    const planted = [
      file('src/keyspace/log/a.ts', "import { a } from '../../base/bytes.ts'\nimport { b } from '../rows.ts'\n"),
      file('src/keyspace/b.ts', "const url = new URL('../host/worker.ts', import.meta.url)\n"),
      file('src/rpc/c.ts', "export * from '../base/index.ts'\nconst lazy = await import('../host/disk.ts')\n"),
    ]
    expectFindings(
      checkDoors(planted, DOORS),
      /leaves the room/,
      /leaves the room/,
      /leaves the room/,
      /leaves the room/,
    )
  })

  test('finds a nested room left for its neighbour', () => {
    const planted = [file('src/storage/fs/a.ts', "import type { X } from '../chunks/record.ts'\n")]
    expectFindings(checkDoors(planted, DOORS), /leaves the room storage\/fs/)
  })

  test('finds a room opened without a door, and passes one with', () => {
    const planted = [
      file('src/keyspace/a.ts', "import {\n  assert,\n} from '#base'\nimport { b } from '#storage/fs'\n"),
      file('src/main/a.ts', "import { b } from '#storage/fs'\n"),
    ]
    expectFindings(checkDoors(planted, DOORS), /opens #storage\/fs, but keyspace/)
  })

  test('lets only tests open #host', () => {
    const text = "import { openWorld } from '#host'\n"
    expectFindings(checkDoors([file('src/rpc/a.test.ts', text)], DOORS))
    expectFindings(checkDoors([file('src/rpc/a.ts', text)], DOORS), /opens #host/)
  })

  test('finds shipped code that imports what is only for tests', () => {
    const text = "import { pool } from './testing.ts'\n"
    expectFindings(checkDoors([file('src/rpc/a.test.ts', text)], DOORS))
    expectFindings(checkDoors([file('src/rpc/a.ts', text)], DOORS), /only for tests/)
  })

  test('lets only tests use what is in test/', () => {
    const text = "import { startEtcd } from '../../test/etcd/server.ts'\n"
    expectFindings(checkDoors([file('src/rpc/a.test.ts', text)], DOORS))
    expectFindings(checkDoors([file('src/rpc/a.ts', text)], DOORS), /leaves the room/)
  })

  test('finds rooms that do not exist, source outside every room, and reaching in from outside', () => {
    expectFindings(checkDoors([file('src/rpc/a.ts', "import '#attic'\n")], DOORS), /no room/)
    expectFindings(checkDoors([file('src/rpc/a.ts', "import '#base/bytes.ts'\n")], DOORS), /no room/)
    expectFindings(checkDoors([file('src/rpc/a.ts', "import { a } from '#rpc'\n")], DOORS), /its own room/)
    expectFindings(checkDoors([file('src/attic/a.ts', '')], DOORS), /is in no room/)
    expectFindings(checkDoors([file('sim/a.ts', "import { x } from '../src/base/x.ts'\n")], DOORS), /reaches into/)
  })

  test('finds a circle in the table, and a door to nowhere', () => {
    expectFindings(checkTable({ a: ['b'], b: ['c'], c: ['a'], d: ['a'] }), /^a can/, /^b can/, /^c can/)
    expectFindings(checkTable({ a: ['b'] }), /no room/)
    expectFindings(checkTable({ a: ['main'], main: '*' }), /^a can/, /^main can/)
  })
})

suite('the check of bans', () => {
  const find = (text: string, path = 'src/keyspace/a.ts') => checkBans([file(path, text)], ADAPTERS)

  for (const code of [
    'const now = Date.now()',
    'const at = new Date()',
    'const t = performance.now()',
    'setTimeout(f, 1)',
    'setInterval(f, 1)',
    'setImmediate(f)',
    'const s = AbortSignal.timeout(5)',
    'const r = Math.random()',
    'crypto.getRandomValues(bytes)',
    "await fetch('x')",
    'const e = process.env',
    'console.log(1)',
    "const s = `at ${Date.now()} o'clock`",
    "import fs from 'node:fs'",
    "import { readFile } from 'node:fs/promises'",
    "import { setTimeout as sleep } from 'node:timers/promises'",
    "import koffi from 'koffi'",
    "const net = await import('node:net')",
  ]) {
    test(`finds ${code}`, () => {
      assert.equal(find(`${code}\n`).length, 1, code)
      assert.equal(find(`${code}\n`, 'src/host/a.ts').length, 0, 'the host may')
      assert.equal(find(`${code}\n`, 'src/keyspace/a.test.ts').length, 0, 'a test may')
    })
  }

  test('passes words in comments, strings and members of our own', () => {
    const text = [
      '// Date.now() is taken from the clock, never process.env.',
      "const text = 'setTimeout( process.exit'",
      "const pattern = /process.exit|'Date.now/",
      'world.clock.setTimeout(1)',
      "import type { Socket } from 'node:net'",
      "import { createHash } from 'node:crypto'",
      'const half = a / 2 / b',
    ]
    expectFindings(find(text.join('\n')))
  })

  test('finds an adapter that is gone', () => {
    expectFindings(checkAdapters([file('src/host/a.ts', '')], ['src/host/', 'src/gone/']), /src\/gone\//)
  })
})

suite('the other checks', () => {
  test('words: find unfinished work, silenced checks, paths of a machine and registry hosts', () => {
    const unfinished = ['TO', 'DO'].join('')
    for (const text of [
      `// ${unfinished}: later\n`,
      "throw new Error('not implemented')\n",
      `// @ts-${'ignore'}\n`,
      `// oxlint-${'disable'}-next-line no-console\n`,
      `test.${'only'}('x', f)\n`,
      `const folder = '/${'work'}/main'\n`,
      `const url = 'https://registry.npm${'js'}.org'\n`,
    ]) {
      assert.equal(checkWords([file('src/base/a.ts', text)]).length, 1, text)
    }
    expectFindings(checkWords([file('README.md', `cd /${'home'}/jane/cairn\n`)]), /machine/)
    expectFindings(checkWords([file('src/base/a.ts', '// All done, in ~/cairn.\n')]))
  })

  test('rooms: find a missing door, a missing or long README, and a file that is too long', () => {
    const door = file('src/rpc/index.ts', '')
    const readme = file('src/rpc/README.md', '# rpc\n')
    const lines = (count: number): string => 'x\n'.repeat(count)
    expectFindings(checkRooms([door, readme], DOORS))
    expectFindings(checkRooms([door], DOORS), /is missing/)
    expectFindings(checkRooms([readme], DOORS), /is missing/)
    expectFindings(checkRooms([file('src/main/cairn.ts', '')], DOORS), /is missing/)
    expectFindings(checkRooms([door, file('src/rpc/README.md', lines(README_LINES_MAX + 1))], DOORS), /41 lines/)
    expectFindings(checkRooms([door, readme, file('src/rpc/a.ts', lines(FILE_LINES_MAX))], DOORS))
    expectFindings(checkRooms([door, readme, file('src/rpc/a.ts', lines(FILE_LINES_MAX + 1))], DOORS), /501 lines/)
  })

  test('limits: find a page that is missing or stale, and list names, values and comments', () => {
    const text = '/** Calls at a time. */\nexport const CALLS_MAX = 2 ** 7\nexport const WAITING_MAX = 3\n'
    const limits = file('src/rpc/limits.ts', text)
    const page = limitsPage([limits])
    assert.match(
      page,
      /## rpc\n\n.*\n.*\n\| `CALLS_MAX` \| `2 \*\* 7` \| Calls at a time\. \|\n\| `WAITING_MAX` \| `3` \|/,
    )
    expectFindings(checkLimits([limits, file('LIMITS.md', page)]))
    expectFindings(checkLimits([limits]), /out of date/)
    const grown = file('src/rpc/limits.ts', `${text}\n/** More. */\nexport const MORE_MAX = 1\n`)
    expectFindings(checkLimits([grown, file('LIMITS.md', page)]), /out of date/)
  })

  test('limits: every exported constant of the tree is on the page', () => {
    const page = limitsPage(tree)
    for (const { path, text } of tree.filter(each => /^src\/.*\blimits\.ts$/.test(each.path))) {
      const names = [...text.matchAll(/^export const ([A-Z0-9_]+)/gm)].map(match => match[1]!)
      for (const name of names) assert.ok(page.includes(`| \`${name}\` |`), `${path}: ${name}`)
    }
  })

  test('links: find a link and a named file that lead nowhere', () => {
    const there = file('src/rpc/index.ts', '')
    const good =
      '[door](../src/rpc/index.ts) [room](../src/rpc/) `src/rpc/index.ts` [web](https://example.org) [up](#top)\n'
    expectFindings(checkLinks([there, file('docs/a.md', good)]))
    expectFindings(checkLinks([there, file('docs/a.md', '[x](gone.md)\n`src/gone.ts`\n')]), /docs\/gone/, /src\/gone/)
  })

  test('packages: find one that is not named, and one that is not explained', () => {
    const manifest = file('package.json', '{"dependencies":{"cborg":"1.0.0"}}')
    const why = file('CONTRIBUTING.md', '`cborg` because.\n')
    expectFindings(checkPackages([manifest, why, file('src/rpc/a.ts', "import { encode } from 'cborg/length'\n")]))
    expectFindings(checkPackages([manifest, why, file('src/rpc/a.ts', "import x from 'left-pad'\n")]), /left-pad/)
    expectFindings(checkPackages([manifest]), /cborg/)
  })

  test('code: keeps offsets and lines, and blanks what is not code', () => {
    const text = "a('x\\'y') // b\nc(`d${e({ f: `g${h}` })}i`) /* j\nk */ / l\nm = /[/'\"]/g.test(n)\n"
    const code = codeOnly(text)
    assert.equal(code.length, text.length)
    assert.equal(code.replace(/\s+/g, ' '), "a(' ') c(` ${e({ f: ` ${h}` })} `) / l m = / /g.test(n) ")
    assert.equal(code.split('\n').length, text.split('\n').length)
  })
})

/** What oxlint and tsc find is proven the same way: one planted file for each rule the style asks for. */
suite('lint and types', () => {
  const planted: Readonly<Record<string, readonly [text: string, rule: RegExp]>> = {
    'any.ts': ['export const a = (b: any): unknown => b\n', /no-explicit-any/],
    'bang.ts': ['export const a = (b?: number): number => b!\n', /no-non-null-assertion/],
    'floating.ts': ['export function a(b: Promise<void>): void {\n  b\n}\n', /no-floating-promises/],
    'default.ts': ['export default 1\n', /no-default-export/],
    'long.ts': [
      `export function a(): void {\n${"  f('x')\n".repeat(71)}}\ndeclare function f(x: string): void\n`,
      /max-lines-per-function/,
    ],
    'params.ts': ['export const a = (b: 1, c: 1, d: 1, e: 1, f: 1): number => b + c + d + e + f\n', /max-params/],
    'CamelCase.ts': ['export const a = 1\n', /filename-case/],
    'cycle-a.ts': ["import { b } from './cycle-b.ts'\nexport const a = (): number => b()\n", /no-cycle/],
    'cycle-b.ts': ["import { a } from './cycle-a.ts'\nexport const b = (): number => a()\n", /no-cycle/],
    'ignored.ts': [`// @ts-${'ignore'}\nexport const a: string = 1\n`, /ban-ts-comment/],
    'clean.ts': ['export const a = (b: number): number => b + 1\n', /^$/],
  }
  const syntax: Readonly<Record<string, string>> = {
    'enum.ts': 'export enum A {\n  b,\n}\n',
    'namespace.ts': 'export namespace A {\n  export const b = 1\n}\n',
    'parameter.ts': 'export class A {\n  constructor(readonly b: number) {}\n}\n',
  }

  test('find what they are there for', t => {
    const folder = mkdtempSync(join(tmpdir(), 'cairn-tidy-'))
    t.after(() => rmSync(folder, { recursive: true }))
    for (const name of ['.oxlintrc.json', 'tsconfig.json', 'package.json'])
      copyFileSync(join(root, name), join(folder, name))
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    mkdirSync(join(folder, 'src'))
    for (const [name, [text]] of Object.entries(planted)) writeFileSync(join(folder, 'src', name), text)
    const lint = runTool(folder, 'oxlint', '--format=unix')
    for (const [name, [, rule]] of Object.entries(planted)) {
      const said = lint
        .split('\n')
        .filter(line => line.includes(`src/${name}:`))
        .join('\n')
      assert.match(said, rule, `${name}: ${said || 'nothing'}`)
    }
    for (const [name, text] of Object.entries(syntax)) writeFileSync(join(folder, 'src', name), text)
    const types = runTool(folder, 'tsc', '--pretty', 'false')
    for (const name of Object.keys(syntax)) assert.match(types, new RegExp(`src/${name}.*TS1294`), types)
  })

  function runTool(folder: string, name: string, ...args: readonly string[]): string {
    return spawnSync(join(root, 'node_modules', '.bin', name), args, { cwd: folder, encoding: 'utf8' }).stdout
  }
})
