import fs from 'node:fs'
import net from 'node:net'
import { type ServedConnection, type ServeOptions, serveConnection } from '../server.ts'
import { CONNECTIONS_MAX } from '../limits.ts'
import { socketDuplex } from './duplex.ts'

/**
 * Serves the handlers on a unix socket at `path`, mode 0660, in the place of whatever socket an earlier process left.
 * Disposing stops listening, aborts running calls and waits for them.
 */
export async function listenSocket(path: string, options: ServeOptions): Promise<AsyncDisposable> {
  const connections = new Set<ServedConnection>()
  const server = net.createServer(socket => {
    const connection = serveConnection(socketDuplex(socket), options)
    connections.add(connection)
    void connection.done.then(() => connections.delete(connection))
  })
  server.maxConnections = CONNECTIONS_MAX
  await bind(server, path)
  return {
    async [Symbol.asyncDispose]() {
      const closed = new Promise(resolve => server.close(resolve))
      await Promise.all(Array.from(connections, connection => connection[Symbol.asyncDispose]()))
      await closed
    },
  }
}

// The socket appears under its name only when it has its mode and answers: bind elsewhere, then rename over.
async function bind(server: net.Server, path: string): Promise<void> {
  const fresh = `${path}.new`
  fs.rmSync(fresh, { force: true })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ path: fresh }, resolve)
  })
  fs.chmodSync(fresh, 0o660)
  fs.renameSync(fresh, path)
}
