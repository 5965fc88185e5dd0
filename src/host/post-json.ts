import { Agent, request } from 'node:https'

/** A message to a server over HTTPS, and what its answer may be. */
export interface JsonPost {
  readonly url: string
  /** Certificates of those who may vouch for the server, as PEM; undefined: those that this machine trusts. */
  readonly authorityPem: string | undefined
  readonly body: string
  readonly answerBytesMax: number
  /** Within which the whole answer must be here. */
  readonly timeoutMs: number
}

/**
 * Sends JSON and reads the answer. Redirects are not followed, and no credential is sent. Rejects with the system's or TLS's
 * own error, and with one that says so when the answer is too large, not 200, or takes too long.
 */
export async function postJson(
  { url, authorityPem, body, answerBytesMax, timeoutMs }: JsonPost,
  signal: AbortSignal,
): Promise<string> {
  const deadline = AbortSignal.timeout(timeoutMs)
  const until = AbortSignal.any([signal, deadline])
  try {
    return await new Promise<string>((resolve, reject) => {
      const headers = { 'content-type': 'application/json', accept: 'application/json' }
      const ca = authorityPem === undefined ? {} : { ca: authorityPem }
      const sent = request(url, { method: 'POST', headers, agent, signal: until, minVersion: 'TLSv1.2', ...ca })
      sent.on('error', reject)
      sent.on('response', answer => {
        const parts: Buffer[] = []
        let bytes = 0
        answer.on('error', reject)
        answer.on('data', (part: Buffer) => {
          bytes += part.byteLength
          parts.push(part)
          if (bytes > answerBytesMax) answer.destroy(new Error(`the answer is larger than ${answerBytesMax} bytes`))
        })
        answer.on('end', () => {
          const text = Buffer.concat(parts).toString('utf8')
          if (answer.statusCode === 200) resolve(text)
          else reject(new Error(`the server answered ${answer.statusCode}: ${text.slice(0, SHOWN_CHARS)}`))
        })
      })
      sent.end(body)
    })
  } catch (error) {
    signal.throwIfAborted()
    if (deadline.aborted) throw new Error(`no answer within ${timeoutMs} ms`, { cause: error })
    throw error
  }
}

// Connections are kept for the next message to the same server with the same certificates.
const agent = new Agent({ keepAlive: true, maxFreeSockets: 4 })
const SHOWN_CHARS = 200
