import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'

/** Runs a module script with a channel to this process; `link` is its end. */
function withLink(script: string) {
  const from = JSON.stringify(new URL('./link.ts', import.meta.url).href)
  const text = `const { openSupervisorLink } = await import(${from})\nconst link = openSupervisorLink()\n${script}`
  const words = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', text]
  const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const
  return spawn(process.execPath, words, { cwd: import.meta.dirname, stdio: [...stdio], serialization: 'advanced' })
}

test('who waits for an answer of the supervisor, or asks later, is told when it is gone', async () => {
  const child = withLink(`
    const codes = []
    const ask = () => link.ask({ kind: 'unmount', path: '/x' }).catch(error => codes.push(error.code))
    const asked = ask()
    await link.gone
    await link.stop
    await Promise.all([asked, ask()])
    process.exitCode = codes.join() === 'StorageProcess,StorageProcess' ? 7 : 1
  `)
  await once(child, 'message')
  child.disconnect()
  assert.deepEqual(await once(child, 'exit'), [7, null])
})
