import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openIn, temporaryFolder } from './test/support.ts'

const child = fileURLToPath(new URL('./test/crash-child.ts', import.meta.url))

/** Runs the child until it has printed some lines, kills it, and returns the last revision it committed. */
async function runAndKill(folder: string, lines: number): Promise<number> {
  const running = spawn(process.execPath, [child, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(running, 'exit')
  let committed = 0
  let seen = 0
  for await (const line of createInterface({ input: running.stdout })) {
    committed = Math.max(committed, Number(line.split(' ')[1]))
    seen += 1
    if (seen === lines) running.kill('SIGKILL')
  }
  await exited
  return committed
}

test('everything committed is there after kill -9, again and again', async () => {
  using folder = temporaryFolder()
  let before = 0
  for (const lines of [3, 40, 1, 100]) {
    const committed = await runAndKill(folder.path, lines)
    assert.ok(committed > before)
    await using keyspace = await openIn(folder.path)
    assert.ok(keyspace.revision >= committed, `${keyspace.revision} of ${committed}`)
    const n = keyspace.get('n')
    assert.equal(Buffer.from(n?.value ?? []).toString(), `${keyspace.revision}`)
    for (let back = 0; back < 50 && back < keyspace.revision; back++) {
      const revision = keyspace.revision - back
      const entry = keyspace.get(`k${revision % 50}`)
      assert.equal(Buffer.from(entry?.value ?? []).toString(), `${revision}`.repeat(20))
    }
    before = keyspace.revision
  }
})
