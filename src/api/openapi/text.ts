import { type JsonObject, KUBERNETES_VERSION } from '#schema'
import type { Contents } from './contents.ts'
import { pathItem } from './paths.ts'

/** What documents say of themselves. */
export const INFO = { title: 'Kubernetes', version: KUBERNETES_VERSION } as const

/** How people show who they are. */
export const BEARER_TOKEN = { type: 'apiKey', in: 'header', name: 'authorization' } as const

/** A document of OpenAPI 3.0 as JSON, in pieces. */
export function* openapiText({ routes, definitions }: Contents): Generator<string> {
  yield `{"openapi":"3.0.0","info":${JSON.stringify(INFO)},"paths":{`
  yield* members(function* () {
    for (const route of routes()) yield [route.path, pathItem('v3', route)] as const
  })
  yield '},"components":{"schemas":{'
  yield* members(() => definitions('v3'))
  const schemes = { BearerToken: { ...BEARER_TOKEN, description: 'Bearer token' } }
  yield `},"securitySchemes":${JSON.stringify(schemes)}},"security":[{"BearerToken":[]}]}`
}

/** The document of Swagger 2.0 as JSON, in pieces. */
export function* swaggerText({ routes, definitions }: Contents): Generator<string> {
  yield `{"swagger":"2.0","info":${JSON.stringify(INFO)},"paths":{`
  yield* members(function* () {
    for (const route of routes()) yield [route.path, pathItem('v2', route)] as const
  })
  yield '},"definitions":{'
  yield* members(() => definitions('v2'))
  yield `},"securityDefinitions":${JSON.stringify({ BearerToken: BEARER_TOKEN })},"security":[{"BearerToken":[]}]}`
}

function* members(entries: () => Iterable<readonly [string, JsonObject]>): Generator<string> {
  let comma = ''
  for (const [name, value] of entries()) {
    yield `${comma}${JSON.stringify(name)}:${JSON.stringify(value)}`
    comma = ','
  }
}
