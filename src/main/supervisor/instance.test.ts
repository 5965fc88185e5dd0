import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { isFault } from '#base'
import { machineDisk } from '#host'
import { startTicksOf } from '#rpc'
import { takeInstance } from './instance.ts'

function temporary(): { readonly root: string } & Disposable {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-lock-'))
  return { root, [Symbol.dispose]: () => fs.rmSync(root, { recursive: true }) }
}

const own = startTicksOf(fs.readFileSync('/proc/self/stat', 'latin1'))

test('a second one is refused and told who is the first', () => {
  using t = temporary()
  using _first = takeInstance(t.root, machineDisk)
  assert.equal(fs.readFileSync(`${t.root}/cairn.pid`, 'utf8'), `${process.pid} ${own}\n`)
  assert.throws(
    () => takeInstance(t.root, machineDisk),
    error =>
      isFault(error, 'AlreadyRunning') &&
      error.message.includes(`process ${process.pid}`) &&
      error.hint?.includes('cairn down') === true,
  )
  assert.equal(fs.readFileSync(`${t.root}/cairn.pid`, 'utf8'), `${process.pid} ${own}\n`)
})

test('the next one may start when the first has ended', () => {
  using t = temporary()
  takeInstance(t.root, machineDisk)[Symbol.dispose]()
  assert.equal(fs.existsSync(`${t.root}/cairn.pid`), false)
  using _next = takeInstance(t.root, machineDisk)
})

test('what a killed one left behind does not lock', () => {
  using t = temporary()
  const script = `
    const { takeInstance } = await import(${JSON.stringify(new URL('./instance.ts', import.meta.url).href)})
    const { machineDisk } = await import('#host')
    takeInstance(${JSON.stringify(t.root)}, machineDisk)
    process.kill(process.pid, 'SIGKILL')
  `
  const options = { cwd: import.meta.dirname, stdio: 'ignore' } as const
  const words = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script]
  assert.throws(
    () => execFileSync(process.execPath, words, options),
    error => error instanceof Error && 'signal' in error && error.signal === 'SIGKILL',
  )
  assert.ok(fs.existsSync(`${t.root}/cairn.pid`))
  using _next = takeInstance(t.root, machineDisk)
  assert.equal(fs.readFileSync(`${t.root}/cairn.pid`, 'utf8'), `${process.pid} ${own}\n`)
})

test('a data folder that cannot be written is refused with a remedy, and the lock is let go', () => {
  let released = 0
  const lock = () => ({ [Symbol.dispose]: () => void (released += 1) })
  assert.throws(
    () => takeInstance('/sys', { ...machineDisk, lock }), // closed to root too
    error => isFault(error, 'DataFolder') && error.hint !== undefined,
  )
  assert.equal(released, 1)
})
