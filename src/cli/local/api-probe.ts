import fs from 'node:fs'
import https from 'node:https'

/** How an API took a question. */
export interface ApiProbe {
  /** Milliseconds it took to answer that it is ready; undefined when it did not. */
  readonly readyMs: number | undefined
  /** Why it did not. */
  readonly why: string | undefined
}

/** Asks an API whether it is ready, as kubectl would: by its address, and believing only the authority in a kubeconfig. */
export function probeApi(url: string, kubeconfig: string, timeoutMs: number): Promise<ApiProbe> {
  const startMs = performance.now()
  return new Promise(resolve => {
    const failed = (why: string) => resolve({ readyMs: undefined, why })
    try {
      const request = https.get(`${url}/readyz`, { ca: authorityIn(kubeconfig), timeout: timeoutMs, agent: false })
      request.on('response', response => {
        response.resume()
        if (response.statusCode === 200) resolve({ readyMs: performance.now() - startMs, why: undefined })
        else failed(`it is not ready (status ${response.statusCode})`)
      })
      request.on('timeout', () => request.destroy(new Error(`no answer in ${timeoutMs} ms`)))
      request.on('error', error => failed(error.message))
    } catch (error) {
      failed(error instanceof Error ? error.message : String(error))
    }
  })
}

function authorityIn(kubeconfig: string): string {
  const [, data] = /^\s*certificate-authority-data: (\S+)$/m.exec(fs.readFileSync(kubeconfig, 'utf8')) ?? []
  return Buffer.from(data ?? '', 'base64').toString()
}
