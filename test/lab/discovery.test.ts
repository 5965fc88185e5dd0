import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, suite, test } from 'node:test'
import { apiEnvironment, runCairn } from '../cloud/cli.ts'
import { spawnUp, type Up } from '../cloud/up.ts'
import { whyNoLab } from './why-no-lab.ts'

const HELPER = path.join(import.meta.dirname, 'found.ts')

// Two machines that share one cable: namespaces of the network, with a pair of interfaces between them.
suite('a cloud is found on the network', { timeout: 60_000, skip: whyNoLab() }, () => {
  const [a, b] = [`cairn-a-${process.pid}`, `cairn-b-${process.pid}`]
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-discovery-'))
  const data = path.join(home, 'first')
  const env = { ...apiEnvironment(home), CAIRN_PEER_LISTEN: '', TMPDIR: home }
  const ip = (...words: readonly string[]) => void execFileSync('ip', words)
  let first: Up

  before(async () => {
    for (const name of [a, b]) ip('netns', 'add', name)
    ip('-n', a, 'link', 'add', 'lan', 'type', 'veth', 'peer', 'name', 'lan', 'netns', b)
    for (const [name, address] of [
      [a, '10.77.0.1/24'],
      [b, '10.77.0.2/24'],
    ] as const) {
      ip('-n', name, 'addr', 'add', address, 'dev', 'lan')
      for (const each of ['lo', 'lan']) ip('-n', name, 'link', 'set', each, 'up')
    }
    const words = ['--data', data, '--name', 'first', '--no-mount']
    first = await spawnUp({ words, env, before: ['ip', 'netns', 'exec', a] })
  })
  after(async () => {
    await first[Symbol.asyncDispose]()
    for (const name of [a, b]) ip('netns', 'del', name)
    fs.rmSync(home, { recursive: true })
  })

  function looks(name: string): { readonly child: ChildProcess; readonly lines: AsyncIterator<string> } {
    const words = ['netns', 'exec', b, process.execPath, HELPER, path.join(home, name), name]
    const child = spawn('ip', words, { stdio: ['ignore', 'pipe', 'inherit'] })
    return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() }
  }

  const next = async (lines: AsyncIterator<string>) => JSON.parse(String((await lines.next()).value))

  test('and joined when the administrator confirms the code', async () => {
    const { lines } = looks('second')
    const { found } = await next(lines)
    assert.deepEqual(
      found.map(({ name, address }: Record<string, string>) => [name, address]),
      [['first', '10.77.0.1:7443']],
    )
    const { code } = await next(lines)
    const listed = await runCairn(data, ['node', 'approve'], env)
    assert.match(listed.out, /^second +10\.77\.0\.2 /m)
    assert.doesNotMatch(listed.out, new RegExp(code), 'the code is to be read on the machine itself')
    const wrong = await runCairn(data, ['node', 'approve', code === '000000' ? '000001' : '000000'], env)
    assert.match(wrong.err, /no machine that asks to be let in has the code/)
    const approved = await runCairn(data, ['node', 'approve', code], env)
    assert.match(approved.out, /Let in: second, which asks from 10\.77\.0\.2/)
    const { joined } = await next(lines)
    assert.deepEqual([joined.name, joined.role, joined.controllers], ['second', 'node', ['first']])
    assert.equal(joined.cloud, found[0].fingerprint)
  })
})
