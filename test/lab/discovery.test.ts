import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, suite, test } from 'node:test'
import { apiEnvironment, PROGRAM, runCairn } from '../cloud/cli.ts'
import { until } from '../cloud/processes.ts'
import { spawnUp, type Up } from '../cloud/up.ts'
import { whyNoLab } from './why-no-lab.ts'

// A terminal for a person who is played here: script(1).
const noTerminal = spawnSync('script', ['--version']).status === 0 ? false : '`script` is missing'

// Two machines that share one cable: namespaces of the network, with a pair of interfaces between them.
suite('a cloud is found on the network', { timeout: 60_000, skip: whyNoLab() || noTerminal }, () => {
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

  test('and joined when people at both sides have seen the same code', async () => {
    const line = [process.execPath, PROGRAM, 'join', '--no-start', '--name', 'second', '--data', path.join(home, 'two')]
    const words = ['netns', 'exec', b, 'script', '--quiet', '--return', '--command', line.join(' '), '/dev/null']
    const child = spawn('ip', words, { stdio: ['pipe', 'pipe', 'inherit'] })
    const ended = new Promise(resolve => child.on('close', resolve))
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => void (said += text))
    const saying = async (what: RegExp, answer: string) => {
      await until(() => what.test(said), { what: `the machine to say ${what}` })
      child.stdin.write(answer)
    }
    await saying(/Join the cloud of first\? \[y\/N\]/, 'y\n')
    assert.match(said, /1 +first +10\.77\.0\.1:7443 +[A-Za-z0-9_-]{43}/)
    await saying(/cairn node approve [0-9]{6}\r?\n/, '')
    const [, code = ''] = /cairn node approve ([0-9]{6})/.exec(said) ?? []
    await until(async () => (await runCairn(data, ['node', 'approve'], env)).out.includes('second'), {
      what: 'the controller to hear of it',
    })
    const listed = await runCairn(data, ['node', 'approve'], env)
    assert.match(listed.out, /^second +10\.77\.0\.2 /m)
    assert.ok(!listed.out.includes(code), 'the code is to be read on the machine itself')
    const wrong = await runCairn(data, ['node', 'approve', code === '000000' ? '000001' : '000000'], env)
    assert.match(wrong.err, /no machine that asks to be let in has the code/)
    const approved = await runCairn(data, ['node', 'approve', code], env)
    assert.match(approved.out, /Let in: second, which asks from 10\.77\.0\.2/)
    await saying(/Has first said that it let this machine in\? \[y\/N\]/, 'y\n')
    assert.equal(await ended, 0, said)
    assert.match(said, /This machine is second, a node of the cloud/)
  })
})
