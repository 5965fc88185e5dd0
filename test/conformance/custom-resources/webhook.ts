import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { Authority } from '#identity'
import type { JsonObject } from '#schema'

/** What a webhook does with the next reviews. */
export type WebhookMode = 'converts' | 'refuses' | 'isBroken' | 'renames'

/** A conversion webhook over HTTPS: objects of v1 have `address`, those of v2 `host` and `port`. */
export interface Webhook extends AsyncDisposable {
  readonly clientConfig: JsonObject
  mode: WebhookMode
  reviews: number
}

/** Starts one. */
export async function openWebhook(): Promise<Webhook> {
  const now = new Date()
  const { certificatePem, keyPem } = await Authority.make('webhooks', new Uint8Array(16).fill(1), now)
  const authority = await Authority.open({ certificatePem, keyPem })
  const own = await authority.issue({
    commonName: 'webhook',
    organizations: [],
    usage: 'server',
    dnsNames: [],
    addresses: ['127.0.0.1'],
    notBefore: new Date(now.getTime() - 3_600_000),
    notAfter: new Date(now.getTime() + 3_600_000),
    serial: new Uint8Array(16).fill(2),
  })
  const server = createServer({ cert: own.certificatePem, key: own.keyPem }, (request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      webhook.reviews += 1
      if (webhook.mode === 'isBroken') response.writeHead(302, { location: 'https://127.0.0.1:1/' }).end('moved')
      else response.end(JSON.stringify(answer(JSON.parse(Buffer.concat(parts).toString()) as Review, webhook.mode)))
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const webhook: Webhook = {
    clientConfig: {
      url: `https://127.0.0.1:${port}/convert`,
      caBundle: Buffer.from(certificatePem).toString('base64'),
    },
    mode: 'converts',
    reviews: 0,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
  return webhook
}

interface Review {
  readonly request: { readonly uid: string; readonly desiredAPIVersion: string; readonly objects: readonly Shop[] }
}

interface Shop {
  readonly apiVersion: string
  readonly metadata: JsonObject
  readonly spec: { readonly address?: string; readonly host?: string; readonly port?: number }
}

function answer({ request }: Review, mode: WebhookMode): JsonObject {
  const { uid, desiredAPIVersion, objects } = request
  const result = mode === 'refuses' ? { status: 'Failure', message: 'not today' } : { status: 'Success' }
  const convertedObjects = objects.map(object => {
    const metadata = mode === 'renames' ? { ...object.metadata, name: 'other' } : object.metadata
    return {
      ...object,
      apiVersion: desiredAPIVersion,
      metadata,
      spec: converted(object, desiredAPIVersion),
    } as JsonObject
  })
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'ConversionReview',
    response: { uid, result, convertedObjects },
  }
}

function converted({ spec }: Shop, wanted: string): JsonObject {
  if (wanted.endsWith('/v1')) return { address: `${spec.host}:${spec.port}` }
  const [host = '', port = ''] = (spec.address ?? '').split(':')
  return { host, port: Number(port) }
}
