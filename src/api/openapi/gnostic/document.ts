import type { Contents } from '../contents.ts'
import { pathItem } from '../paths.ts'
import { BEARER_TOKEN, INFO } from '../text.ts'
import { encodeField, encodeMessage, encodeNamed } from './encode.ts'

/**
 * The document of Swagger 2.0 as message openapi.v2.Document, in pieces. A field of a message that is there several times
 * is joined by those who read it (protobuf.dev/programming-guides/encoding, "Last One Wins"), so that every path and every
 * definition is written as soon as it is made.
 */
export function* gnosticDocument({ routes, definitions }: Contents): Generator<Uint8Array<ArrayBuffer>> {
  const securityDefinitions = { BearerToken: { apiKey: BEARER_TOKEN } }
  yield encodeMessage('Document', { swagger: '2.0', info: INFO, securityDefinitions })
  for (const route of routes()) {
    yield encodeField(PATHS, encodeNamed(PATH, route.path, ['PathItem', pathItem('v2', route)]))
  }
  for (const [name, schema] of definitions('v2')) {
    yield encodeField(DEFINITIONS, encodeNamed(DEFINITION, name, ['Schema', schema]))
  }
}

// Document: paths = 8, definitions = 9. Paths: path = 2. Definitions: additional_properties = 1.
const PATHS = 8
const PATH = 2
const DEFINITIONS = 9
const DEFINITION = 1
