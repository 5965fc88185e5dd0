import { listen, type Listening } from '#api'
import { isSystemError, type World } from '#base'
import type { Authority, Keyring } from '#identity'
import { mainFault } from '../faults.ts'
import type { ControlStart } from './messages.ts'
import { serverCertificate } from './server-certificate.ts'
import { localUrl, serverNames } from './server-names.ts'

/** What the API listens with. */
export interface ListenParts {
  readonly start: ControlStart
  readonly world: World
  readonly authority: Authority
  readonly keyring: Keyring
  /** Where the server's certificate is kept. */
  readonly file: string
}

/** An API that listens. */
export interface Served {
  /** Where programs of this machine find it. */
  readonly url: string
  readonly listening: Listening
  /** What it shows now. */
  certificatePem(): string
  /** Shows a new certificate from now on when the one before is due, or the machine has got other addresses. */
  renew(): Promise<void>
}

/** Listens where the start says. Faults: Listen. */
export async function listenOn(app: Parameters<typeof listen>[0], parts: ListenParts): Promise<Served> {
  const { start, authority } = parts
  const { host, port } = start
  let shown = await serverCertificate(parts, serverNames(host))
  const listening = await listen(app, {
    host,
    port,
    ...shown,
    authorityPem: authority.certificatePem,
    requiresClientCertificate: start.requiresClientCertificate,
  }).catch((error: unknown) => refuseListen(start, error))
  return {
    url: localUrl(host, listening.port),
    listening,
    certificatePem: () => shown.certificatePem,
    async renew() {
      const next = await serverCertificate(parts, serverNames(host))
      if (next.certificatePem === shown.certificatePem) return
      listening.renew(next)
      shown = next
    },
  }
}

function refuseListen({ host, port }: ControlStart, error: unknown): never {
  if (!isSystemError(error)) throw error
  const isBusy = error.code === 'EADDRINUSE'
  const why = isBusy ? 'another program listens there' : error.message
  throw mainFault('Listen', `the API cannot listen on ${host}, port ${port}: ${why}`, {
    hint: isBusy
      ? `See which with \`ss -ltnp sport = ${port}\`, or choose another port: cairn up --listen ${host}:${port + 1}`
      : 'Choose an address of this machine, such as --listen 127.0.0.1:6443; --listen none starts no API.',
    cause: error,
  })
}
