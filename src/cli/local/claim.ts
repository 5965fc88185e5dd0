import { createHash } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import { createServer } from 'node:net'
import { type ByteString, bytesOf, isSystemError } from '#base'

/**
 * Claims a local path for this process until disposed; undefined when another process has it. It is an abstract unix
 * socket (unix(7)), of which the kernel lets go when the process ends, however it ends. The path's directory must exist.
 * Any user of this machine can hold a claim, and so keep another's get waiting; nothing of the file follows from holding it.
 */
export async function claimPath(path: ByteString): Promise<Disposable | undefined> {
  const slash = path.lastIndexOf('/')
  const folder = fs.realpathSync.native(bytesOf(path.slice(0, slash) || '/'), { encoding: 'buffer' })
  const name = createHash('sha256')
    .update(folder)
    .update(bytesOf(path.slice(slash)))
    .digest('hex')
  const server = createServer()
  try {
    server.listen({ path: `\0cairn-get-${name}`, exclusive: true })
    await once(server, 'listening')
  } catch (error) {
    if (isSystemError(error, 'EADDRINUSE')) return undefined
    throw error
  }
  server.unref()
  return { [Symbol.dispose]: () => void server.close() }
}
