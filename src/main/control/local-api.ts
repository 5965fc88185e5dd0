import { LocalConnection } from '#api'
import { type Fault, whyOf } from '#base'
import { MASTERS } from '#identity'
import { type Json, type JsonObject, textAt } from '#schema'
import { mainFault } from '../faults.ts'

/** The API as this process itself uses it, with all rights. */
export type LocalFetch = (request: Request, connection: LocalConnection) => Response | Promise<Response>

/** What the API answered: its status, and what it said. */
export interface LocalAnswer {
  readonly status: number
  readonly body: JsonObject
}

/** Asks the API inside this process, as `name`, which then stands in the audit log. */
export async function askLocally(
  fetch: LocalFetch,
  name: string,
  { method, path, body }: { readonly method: string; readonly path: string; readonly body?: Json },
): Promise<LocalAnswer> {
  const request = new Request(`https://localhost${path}`, {
    method,
    headers: { 'content-type': 'application/json', accept: 'application/json', 'user-agent': 'cairn' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const caller = { name, uid: undefined, groups: [MASTERS, 'system:authenticated'], extra: {} }
  const response = await fetch(request, new LocalConnection(caller))
  return { status: response.status, body: (await response.json()) as JsonObject }
}

/** What the API refused, as a fault. */
export function refusedLocally({ status, body }: LocalAnswer): Fault {
  return mainFault('ControlProcess', `the API answered ${status}: ${textAt(body, 'message') ?? whyOf(undefined)}`)
}
