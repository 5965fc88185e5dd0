// Watches configmaps in a process of its own, as clients do, and tells when each was seen: `watcher.ts KUBECONFIG PATH`.
import { once } from 'node:events'
import { ApiClient } from './client.ts'
import { nowMs, type Seen } from './seen.ts'

const [kubeconfig = '', path = ''] = process.argv.slice(2)
const client = new ApiClient(kubeconfig)
const stream = client.stream('GET', `${path}?watch=true`)
let seen: [string, number][] = []
let rest = ''
stream.on('data', (chunk: Buffer) => {
  const atMs = nowMs()
  const lines = (rest + chunk.toString()).split('\n')
  rest = lines.pop() ?? ''
  for (const line of lines) seen.push([/"name":"(w-\d+)"/.exec(line)?.[1] ?? '', atMs])
})
await once(stream, 'response')
tell([])
const telling = setInterval(() => {
  tell(seen)
  seen = []
}, 100)
process.once('disconnect', () => {
  clearInterval(telling)
  client[Symbol.dispose]()
})

function tell(message: Seen): void {
  process.send?.(message)
}
