import { Client, openHttpsTransport, readKubeconfig } from '#client'
import { kubeconfigOf } from '#rpc'
import { type Context, dataFolder } from '../context.ts'
import { fileExists } from '../local/text-file.ts'

/** A client of the API, as its administrator. */
export interface ApiClient extends AsyncDisposable {
  readonly client: Client
}

/**
 * The API of the running Cairn; undefined where there never was one, as with `cairn up --listen none`. Connects when first used.
 * Faults: BadRequest (the kubeconfig is broken).
 */
export function openApi(context: Context): ApiClient | undefined {
  const file = kubeconfigOf(dataFolder(context))
  if (!fileExists(file)) return undefined
  const { clock } = context.host
  const https = openHttpsTransport(readKubeconfig(file), clock)
  const client = new Client({ transport: https.transport, clock })
  return { client, [Symbol.asyncDispose]: () => https[Symbol.asyncDispose]() }
}
